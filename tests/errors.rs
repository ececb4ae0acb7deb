//! Proves that bad input is refused with the recorded words, all errors of a source at once, and that nothing panics.

use gradc::{Derive, Options};
use std::path::Path;

/// Inputs that are refused, with the names of their snapshots.
const INPUTS: &[(&str, &str)] = &[
    ("bracket_missing", "sin("),
    ("bracket_of_another_kind", "f(x) = (x + 1]"),
    ("bracket_never_opened", "x + 1)"),
    ("brace_missing", "f(x) = { let a = x; a"),
    ("square_bracket_missing", "f(x: vector[3]) = x[0"),
    ("operator_twice", "2 +* x"),
    ("operator_at_end", "x +"),
    ("function_unknown", "foo(x)"),
    ("function_misspelt", "f(x) = sine(x) + cso(x)"),
    ("name_unknown", "f(x) = x + zz"),
    ("name_misspelt", "f(alpha, x) = alhpa*x"),
    ("name_e", "f(x) = e^x"),
    ("function_without_arguments", "g(x) = x\nf(x) = g + x"),
    ("number_called", "f(x, k) = k(x + 1)"),
    ("arguments_too_few", "f(x) = atan2(x)"),
    ("arguments_too_many", "f(x) = sin(x, 1)"),
    ("arguments_none", "f(x) = max()"),
    ("arguments_of_own_function", "g(a, b) = a*b\nf(x) = g(x)"),
    ("argument_of_another_shape", "g(a: vector[2]) = a[0]\nf(x: vector[3]) = g(x)"),
    ("index_too_large", "f(x: vector[3]) = x[5]"),
    ("index_negative", "f(x: vector[3]) = x[-1]"),
    ("index_fraction", "f(x: vector[3]) = x[1/2]"),
    ("index_parameter", "f(x: vector[3], k) = x[k]"),
    ("index_of_number", "f(x) = x[0]"),
    ("index_one_too_many", "f(x: vector[3]) = x[0, 1]"),
    ("index_one_too_few", "f(W: matrix[2, 2]) = W[0]"),
    ("index_past_next", "f(x: vector[3]) = sum(i in 0..3, x[i+1] - x[i])"),
    ("empty", ""),
    ("only_blanks", " \n\n\t "),
    ("only_comments", "// nothing here\n/// nor here\n"),
    ("parameter_twice", "f(x, y, x) = x*y"),
    ("definition_twice", "f(x) = x\nf(x) = x^2"),
    ("recursion_direct", "f(x) = x*f(x - 1)"),
    ("recursion_mutual", "f(x) = g(x) + 1\ng(x) = h(x)\nh(x) = f(x)"),
    ("constant_of_itself", "const a = b;\nconst b = a;\nf(x) = a*x"),
    ("several_errors", "f(x) = sin(x, y)\ng(x) = zz + foo(x)\nh(x: vector[2]) = x[2]\nk(x) = x^"),
    ("several_names", "f(x) = a + b\ng(y) = c*x"),
    ("several_syntax_errors", "f(x) = x +\ng(x) = 2 x\nh(x) = )x("),
    ("product_without_sign", "2x"),
    ("product_of_names", "f(x, y) = x y"),
    ("function_without_parentheses", "f(x) = 2*sin x"),
    ("function_with_power", "f(x) = 1 + sin^2(x)"),
    ("product_of_brackets", "f(x, y) = (x + 1)(y + 1)"),
    ("power_with_stars", "x**2"),
    ("equation", "x = 2"),
    ("comparison_chain", "f(a, b, c) = if(a < b < c, 1, 0)"),
    ("sign_and", "f(a, b) = if(a > 0 && b > 0, 1, 0)"),
    ("sign_or", "f(a, b) = if(a > 0 || b > 0, 1, 0)"),
    ("sign_not", "f(a) = if(!(a > 0), 1, 0)"),
    ("factorial", "f(n) = n!"),
    ("remainder", "f(x) = x % 2"),
    ("minus_in_unicode", "f(x) = x \u{2212} 1"),
    ("times_in_unicode", "f(x) = 2 \u{d7} x"),
    ("square_in_unicode", "f(x) = x\u{b2} + 1"),
    ("root_in_unicode", "f(x) = \u{221a}x"),
    ("latex", r"f(x) = \sin(x)"),
    ("point_alone", "f(x) = x + ."),
    ("point_without_digit_after", "f(x) = 2."),
    ("point_without_digit_before", "f(x) = .5*x"),
    ("number_out_of_range", "f(x) = 1e999999*x"),
    ("number_with_comma", "f(x) = 1,5*x"),
    ("undefined_quotient", "f(x) = x + 0/0"),
    ("undefined_logarithm", "f(x) = x + 0*ln(0)"),
    ("undefined_root", "f(x) = if(x > 0, sqrt(-1), x)"),
    ("undefined_let", "f(x) = { let a = asin(2); x }"),
    ("undefined_constant", "const c = 1 - 1;\nf(x) = x/c"),
    ("undefined_in_call", "g(y) = 1/y\nf(x) = x + g(0)"),
    ("undefined_in_sum", "f(x) = sum(i in 0..3, x/i)"),
    ("undefined_entry", "f(x: vector[2]) = sum(x ./ [1, 0])"),
    ("undefined_in_vector", "f(x: vector[n]) = sum(x)*0^(-1)"),
    ("vector_times_vector", "f(x: vector[3], y: vector[3]) = x*y"),
    ("vector_squared", "f(x: vector[3]) = x^2"),
    ("number_by_vector", "f(x: vector[3]) = 1/x"),
    ("vector_lengths", "f(x: vector[3], y: vector[2]) = x + y"),
    ("vector_lengths_in_dot", "f(x: vector[3], y: vector[2]) = dot(x, y)"),
    ("vector_lengths_in_function", "f(x: vector[3], y: vector[2]) = atan2(x, y)"),
    ("vector_empty", "f(x) = []"),
    ("rows_of_two_lengths", "f(x) = [[x, 1], [x]]"),
    ("vector_and_number_mixed", "f(x: vector[2]) = [x, 1]"),
    ("maximum_of_nothing", "f(x: vector[0]) = max(x)"),
    ("condition_as_number", "f(x) = 1 + (x > 0)"),
    ("condition_as_value", "f(x) = x > 0"),
    ("condition_as_argument", "f(x) = sin(x > 0)"),
    ("number_as_condition", "f(x) = if(x, 1, 0)"),
    ("number_negated_as_condition", "f(x) = if not x then 1 else 0"),
    ("branches_of_two_shapes", "f(x: vector[2], y: vector[3]) = if(x[0] > 0, x, y)"),
    ("else_missing", "f(x) = if x > 0 then x"),
    ("type_unknown", "f(x: vectro[3]) = x[0]"),
    ("type_of_a_computer", "f(x: float) = x"),
    ("dimension_missing", "f(x: vector) = x[0]"),
    ("dimensions_too_many", "f(x: vector[2, 3]) = x[0]"),
    ("dimension_negative", "f(x: vector[-1]) = 1"),
    ("dimension_fraction", "f(x: vector[1.5]) = 1"),
    ("shape_product", "f(W: matrix[n, m], x: vector[n]) = sum(W*x)"),
    ("shape_product_fixed", "f(W: matrix[2, 3], x: vector[2]) = sum(W*x)"),
    ("shape_product_exchanged", "f(A: matrix[n, m], B: matrix[k, n]) = tr(A*B)"),
    ("shape_product_unrelated", "f(A: matrix[n, m], B: matrix[k, l]) = sum(A*B)"),
    ("shape_product_right", "f(A: matrix[n, m], B: matrix[k, m]) = sum(A*B)"),
    ("shape_vectors", "f(x: vector[n], y: vector[n]) = x*y"),
    ("shape_vectors_of_two_lengths", "f(x: vector[n], y: vector[m]) = sum(x*y)"),
    ("shape_sum", "f(x: vector[n], y: vector[m]) = sum(x + y)"),
    ("shape_sum_transposed", "f(x: vector[n], y: vector[n]) = sum(x + y')"),
    ("shape_sum_matrix", "f(A: matrix[n, m], x: vector[n]) = sum(A + x)"),
    ("shape_entrywise", "f(A: matrix[n, m], B: matrix[m, n]) = sum(A .* B)"),
    ("shape_entrywise_quotient", "f(x: vector[n], y: vector[n + 1]) = sum(x ./ y)"),
    ("shape_quotient", "f(x: vector[n], y: vector[n]) = sum(x/y)"),
    ("shape_quotient_matrix", "f(A: matrix[n, n], b: vector[n]) = sum(b/A)"),
    ("shape_power", "f(A: matrix[n, n]) = tr(A^2)"),
    ("shape_power_vector", "f(x: vector[n]) = sum(x^2)"),
    ("shape_dot", "f(x: vector[n], y: vector[m]) = dot(x, y)"),
    ("shape_dot_matrix", "f(A: matrix[n, m], x: vector[n]) = dot(A, x)"),
    ("shape_trace", "f(A: matrix[n, m]) = tr(A)"),
    ("shape_determinant", "f(A: matrix[n, m]) = det(A*2)"),
    ("shape_inverse", "f(A: matrix[n, m], x: vector[m]) = sum(inv(A)*x)"),
    ("shape_logdet", "f(A: matrix[3, 2]) = logdet(A)"),
    ("shape_solve", "f(A: matrix[n, n], b: vector[m]) = sum(solve(A, b))"),
    ("shape_outer", "f(A: matrix[n, m], x: vector[n]) = sum(outer(A, x))"),
    ("shape_diag", "f(A: matrix[n, m]) = sum(diag(A))"),
    ("shape_stack", "f(A: matrix[n, m], x: vector[n]) = sum(stack(A, x))"),
    ("shape_join", "f(A: matrix[n, m], x: vector[m]) = sum(join(A, x))"),
    ("shape_softmax", "f(A: matrix[n, m]) = sum(softmax(A))"),
    ("shape_logsumexp_rows", "f(x: vector[n]) = sum(logsumexp_rows(2*x))"),
    ("shape_softmax_rows_fixed", "f(x: vector[3]) = sum(softmax_rows(x))"),
    ("shape_log_softmax", "f(A: matrix[n, m]) = sum(log_softmax(A))"),
    ("shape_index_count", "f(A: matrix[n, m]) = A[0]"),
    ("shape_index_outside", "f(x: vector[n]) = x[n]"),
    ("shape_index_in_sum", "f(x: vector[n]) = sum(i in 0..n, x[i + 1])"),
    ("shape_index_of_number", "f(x: vector[n], y) = sum(x)*y[0]"),
    ("loop_to_the_smaller_of_two_as_a_vector", "f(x: vector[n], y: vector[m]) = sum([i in 0..min(n, m): x[i]*y[i]])"),
    (
        "loop_to_the_smaller_of_two_with_a_state",
        "f(x: vector[n], y: vector[m]) = fold(i in 0..min(n, m), s = 0, s + x[i])",
    ),
    ("loop_to_the_larger_of_two", "f(x: vector[n], y: vector[m]) = sum(i in 0..max(n, m), i)*sum(x)*sum(y)"),
    ("loop_index_assumed_too_little", "f(x: vector[n]) = sum(i in 0..n, if(i + 1 < n, x[i+2], 0))"),
    ("loop_index_assumed_elsewhere", "f(x: vector[n]) = sum(i in 0..n, if(i > 0, x[i-1], x[i-1]))"),
    ("loop_smaller_of_two_outside", "f(x: vector[n]) = sum(i in 0..n, x[min(i + 1, n)])"),
    ("index_larger_of_two_outside", "f(x: vector[n], k: index[m] in 0..n) = sum(i in 0..m, x[max(k[i] - 1, -1)])"),
    ("shape_slice_outside", "f(x: vector[n]) = sum(x[..n + 1])"),
    ("shape_row_and_vector", "f(X: matrix[n, m], y: vector[n]) = sum(i in 0..n, dot(X[i, ..], y))"),
    ("shape_entry_of_entry", "f(x: vector[n]) = sum(i in 0..n, x[i][i])"),
    ("shape_conditions", "f(x: vector[n], u: vector[m]) = sum(if(x > 0 and u > 0, x, 1))"),
    ("shape_conditions_fixed", "f(x: vector[3], u: vector[2]) = sum(if(x > 0 and u > 0, x, 1))"),
    ("shape_comparison_fixed", "f(x: vector[3], u: vector[2]) = sum(if(x > u, x, 1))"),
    ("shape_maximum_of_three", "f(x: vector[n], u: vector[m]) = sum(max(0, x, u))"),
    ("dimension_as_parameter", "f(x: vector[n], n) = n*sum(x)"),
    ("shape_range_by_parameter", "f(x: vector[n], k) = sum(i in 0..k, x[i])"),
    (
        "shape_argument",
        "norm(x: vector[n], y: vector[n]) = dot(x, y)\nf(A: matrix[n, m], x: vector[n]) = norm(x, A'*x)",
    ),
    ("shape_eye", "f(x: vector[n], y) = sum(eye(y)*x)"),
    ("shape_condition", "f(x: vector[n], y: vector[m]) = sum(if(x > 0, y, 0))"),
    ("shape_list", "f(x: vector[n]) = [x, 1]"),
    ("shape_dimension_expression", "f(x: vector[n/m]) = sum(x)"),
    ("loop_state_changes_shape", "f(x: vector[n]) = sum(fold(i in 0..n, s = 0, s + x))"),
    ("loop_state_is_a_number", "f(x: vector[n], A: matrix[n, n]) = fold(i in 0..n, s = x, x'*s)"),
    ("loop_derivative_by_a_state_outside", "f(x: vector[n]) = diff(fold(t in 0..n, s = 1, s*x[t]), s)"),
    ("loop_state_outside", "f(x: vector[n]) = fold(t in 0..n, s = 1, s*x[t]) + s"),
    ("tensor_as_a_whole", "f(T: tensor[n, m, k]) = sum(T)"),
    ("tensor_of_one_place", "f(T: tensor[n, m, k]) = T[0]"),
    ("tensor_place_outside", "f(T: tensor[n, 2, 2]) = T[0, 2, 1]"),
    ("tensor_slice_of_matrices", "f(T: tensor[n, m, k]) = sum(T[0..2, 0, 0])"),
    ("tensor_of_two_dimensions", "f(T: tensor[n, m]) = T[0, 0, 0]"),
    (
        "loop_states_and_values",
        "f(x: vector[n]) = { let (p, v) = fold(i in 0..n, (p = 0, v = 1), (p + v, v, x[i])); p }",
    ),
    ("loop_states_unnamed", "f(x: vector[n]) = fold(i in 0..n, (p = 0, v = 1), (p + v, v + x[i]))"),
    (
        "loop_states_in_one_name",
        "f(x: vector[n]) = { let s = fold(i in 0..n, (p = 0, v = 1), (p + v, v + x[i])); 2*s }",
    ),
    ("loop_names_without_states", "f(x) = { let (p, v) = x^2; p }"),
    ("loop_fold_over_two_indices", "f(x: vector[n]) = fold(i in 0..n, j in 0..n, s = 0, s + x[i]*x[j])"),
    ("loop_sum_with_a_state", "f(x: vector[n]) = sum(i in 0..n, s = 0, s + x[i])"),
    ("loop_unknown_function", "f(x: vector[n]) = total(i in 0..n, x[i])"),
    ("loop_guard_of_largest", "f(x: vector[n]) = max(i in 0..n if i > 1, x[i])"),
    ("loop_guard_is_a_number", "f(x: vector[n]) = sum(i in 0..n if i, x[i])"),
    ("loop_derivative_by_the_index", "f(x: vector[n]) = sum(i in 0..n, diff(i*x[i], i))"),
    ("loop_derivative_by_its_index_outside", "f(x: vector[n]) = diff(sum(i in 0..n, i*x[i]), i)"),
    ("derivative_by_a_size", "f(x: vector[n]) = diff(n*x[0], n)"),
    ("loop_index_squared", "f(x: vector[n]) = sum(i in 0..n, x[i*i])"),
    ("loop_index_halved", "f(x: vector[n]) = sum(i in 0..n, x[i/2])"),
    ("loop_index_too_far", "f(x: vector[n]) = sum(i in 0..n, i*x[i + 1])"),
    ("loop_index_before_the_first", "f(x: vector[n]) = sum(i in 0..n, i*x[i - 1])"),
    ("loop_index_outside_of_its_loop", "f(x: vector[n]) = sum(i in 0..n, x[i]) + i"),
    ("loop_range_of_numbers_from_a_point", "f(x: vector[n], a) = sum(i in 0..a, x[0]^i)"),
    ("loop_range_backwards_of_the_inner", "f(x: vector[n]) = sum(i in 0..j, j in 0..n, x[i])"),
    ("loop_lengths_that_change", "f(x: vector[n]) = sum(i in 0..n, norm2(sum(j in 0..n, x[..j])))"),
    ("loop_matrix_of_matrices", "f(A: matrix[n, n]) = [i in 0..n: i*A]"),
    ("loop_matrices_of_the_largest", "f(A: matrix[n, m]) = sum(max(i in 0..n, i*A))"),
    ("loop_empty_largest", "f(x: vector[3]) = max(i in 2..2, x[i])"),
    ("index_without_range", "f(x: vector[n], k: index[m]) = sum(i in 0..m, x[k[i]])"),
    ("index_with_a_bound", "f(x: vector[n], k: index[m] > 0) = sum(i in 0..m, x[k[i]])"),
    ("index_of_numbers", "f(x: vector[n], k: vector[m] in 0..n) = sum(i in 0..m, x[0])"),
    ("index_of_two_dimensions", "f(x: vector[n], k: index[m, m] in 0..n) = x[0]"),
    ("index_as_a_vector", "f(x: vector[n], k: index[n] in 0..n) = dot(x, k)"),
    ("index_sliced", "f(x: vector[n], k: index[m] in 0..n) = sum(k[1..])"),
    ("index_in_an_index", "f(x: vector[n], k: index[m] in 0..n) = sum(i in 0..m, x[k[i] + 1])"),
    ("index_from_data_before_the_first", "f(x: vector[n], k: index[m] in 0..n) = sum(i in 0..m, x[k[i] - 1])"),
    ("index_from_data_squared", "f(x: vector[n], k: index[m] in 0..n) = sum(i in 0..m, x[k[i]*k[i]])"),
    ("mod_of_a_number", "f(x) = x mod 2"),
    ("mod_by_an_index", "f(x: vector[n]) = sum(i in 1..n, x[3 mod i])"),
    ("mod_by_zero", "f(x: vector[n]) = sum(i in 0..n, x[i mod 0])"),
    ("mod_too_far", "f(x: vector[n], y: vector[m]) = sum(i in 0..n, y[i mod (m + 1)])"),
    ("index_past_the_end", "f(x: vector[3], k: index in 0..4) = x[k]"),
    ("index_at_the_end_of_a_slice", "f(x: vector[n], k: index in 0..n) = sum(x[..k])"),
    ("put_without_place", "f(x: vector[n]) = sum(put(x, n))"),
    ("put_at_a_number_from_a_point", "f(x: vector[n], a) = sum(put(a, a, n))"),
    ("shape_missing_argument", "f(A: matrix[n, n]) = sum(solve(A))"),
    ("derivative_by_expression", "f(x) = diff(x^2, x + 1)"),
    ("derivative_by_number", "f(x) = diff(x^2, 2)"),
    ("derivative_by_vector", "f(x: vector[2]) = diff(x[0]^2, x)"),
    ("derivative_order_fraction", "f(x) = diff(x^3, x, 1.5)"),
    ("derivative_order_parameter", "f(x, n) = diff(x^3, x, n)"),
    ("derivative_with_prime", "h(x) = x^2\nf(x) = h'(x)"),
    ("gradient_of_vector", "f(x: vector[2]) = grad(x, x)[0]"),
    ("jacobian_by_matrix", "f(W: matrix[2, 2]) = jacobian([W[0, 0], 1], W)[0, 0]"),
    ("sum_over_nothing_known", "f(x: vector[3]) = sum(x[i])"),
    ("sum_over_vector", "f(x: vector[3]) = sum(i in x, i)"),
    ("sum_with_equal_sign", "f(x: vector[3]) = sum(i = 0, 2, x[i])"),
    ("range_by_parameter", "f(x, n) = sum(i in 0..n, x^i)"),
    ("range_by_fraction", "f(x) = sum(i in 0..1/2, x)"),
    ("order_in_a_long_range", "f(x) = sum(i in 0..2000000, polygamma(i, x))"),
    ("long_range_of_a_short_vector", "f(x: vector[3]) = sum(i in 0..100, x[i])"),
    ("very_long_range_of_a_short_vector", "f(x: vector[3]) = sum(i in 0..10000000, x[i])"),
    ("range_alone", "f(x) = 1..3"),
    ("keyword_as_name", "f(let) = let + 1"),
    ("keyword_as_parameter", "f(x, in) = x*in"),
    ("let_outside_braces", "f(x) = let a = x; a"),
    ("let_without_semicolon", "f(x) = { let a = x a^2 }"),
    ("let_without_semicolon_before_let", "f(x, y) = {\n  let a = x^2\n  let b = y;\n  a*b\n}"),
    ("let_without_semicolon_before_value", "f(x: vector[n]) = {\n  let c = x - 1\n  logsumexp(c)\n}"),
    ("let_without_semicolon_and_product", "f(x) = {\n  let c = 2 x;\n  c\n}"),
    ("value_with_semicolon", "f(x) = {\n  let c = x - 1;\n  c^2;\n}"),
    ("rows_with_semicolon", "f(x) = [1, x; x, 2]"),
    ("let_without_value", "f(x) = { let a; a }"),
    ("block_without_value", "f(x) = { let a = x; }"),
    ("fact_equal", "f(x == 1) = x"),
    ("fact_not_one", "f(x != 1) = x"),
    ("fact_about_parameter", "f(x, y > x) = x*y"),
    ("fact_with_braces", "f(p in {0, 1}) = p"),
    ("polygamma_of_parameter", "f(n, x) = polygamma(n, x)"),
    ("polygamma_negative", "f(x) = polygamma(-1, x)"),
    ("softmax_of_matrix", "f(W: matrix[2, 2]) = softmax(W)"),
    ("body_missing", "f(x) ="),
    ("equal_missing", "f(x) x^2"),
    ("definition_after_expression", "x^2\nf(x) = x"),
    ("two_expressions", "x + 1\ny + 2"),
    ("string", "f(x) = \"x\""),
    ("control_character", "f(x) = x + \u{1}"),
    ("primes_on_names", "f(x') = x'"),
    ("tab_before_error", "f(x) =\n\t\tx + zz"),
    ("wide_letters_before_error", "f(größe, 数) = größe*数 + zz"),
];

/// Inputs of which these derivatives are refused, with the names of their snapshots.
const DERIVED: &[(&str, &str, Derive)] = &[
    ("hessian_of_vector", "f(x) = [x, x^2]", Derive::Hessian),
    ("hessian_of_vectors", "f(x) = [x, x^2]\ng(A: matrix[n, m]) = A .* A", Derive::Hessian),
    ("hessian_by_symmetric", "f(S: sym[n]) = logdet(S)", Derive::Hessian),
    ("jacobian_by_symmetric", "f(S: sym[n]) = inv(S)", Derive::Gradient),
    ("product_with_hessian_of_vector", "f(x: vector[n]) = x .* x", Derive::Hvp),
];

fn render(text: &str) -> Option<String> {
    render_derived(text, Derive::Gradient)
}

fn render_derived(text: &str, kind: Derive) -> Option<String> {
    let options = Options { source_name: "input.grad".to_string(), derive: vec![kind], ..Options::default() };
    gradc::compile(text, &options).err().map(|errors| errors.render(false))
}

#[test]
fn bad_input_is_refused_in_the_recorded_words() {
    let mut failures = Vec::new();
    let derived = DERIVED.iter().map(|(name, text, kind)| (name, text, *kind));
    for (name, text, kind) in INPUTS.iter().map(|(name, text)| (name, text, Derive::Gradient)).chain(derived) {
        let checked = std::panic::catch_unwind(|| {
            let mut settings = insta::Settings::clone_current();
            settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots/errors"));
            settings.set_prepend_module_to_snapshot(false);
            settings.set_omit_expression(true);
            let rendered = render_derived(text, kind).expect("the input is refused");
            settings.bind(|| insta::assert_snapshot!(*name, format!("{text}\n----\n{rendered}")));
        });
        if checked.is_err() {
            failures.push(*name);
        }
    }
    assert!(failures.is_empty(), "not as recorded: {}", failures.join(", "));
}

#[test]
fn all_errors_of_a_source_are_reported_at_once() {
    let text = "f(x) = zz\ng(x) = sin(x, x)\nh(x: vector[2]) = x[2]\nk(x) = x*foo(x)\n";
    let errors = gradc::compile(text, &Options::default()).expect_err("four errors");
    let lines: Vec<usize> = errors
        .diagnostics()
        .iter()
        .filter_map(|diagnostic| Some(1 + text[..diagnostic.span?.start].matches('\n').count()))
        .collect();
    assert_eq!(lines, [1, 2, 3, 4]);
}

#[test]
fn a_long_line_is_shown_around_the_error_only() {
    let terms = "x*y + ".repeat(5000);
    let rendered = render(&format!("f(x, y) = {terms}zz + {terms}x")).expect("an unknown name");
    assert!(rendered.contains("zz"), "{rendered}");
    assert!(rendered.lines().all(|line| line.chars().count() < 400), "{rendered}");
    insta::with_settings!({
        snapshot_path => Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots/errors"),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, { insta::assert_snapshot!("long_line", rendered) });
}

#[test]
fn hundreds_of_errors_are_counted_and_not_all_shown() {
    let text: String = (0..300).map(|index| format!("f{index}(x) = unknown{index}\n")).collect();
    let errors = gradc::compile(&text, &Options::default()).expect_err("300 errors");
    assert_eq!(errors.diagnostics().len(), 300);
    assert!(errors.render(false).contains("more errors"));
}

#[test]
fn every_beginning_of_a_source_is_read_or_refused() {
    let text = "const g = 9.81;\n/// d\nf(x: vector[3], y > 0) = { let a = sum(i in 0..2, x[i+1]); \
                if a <= y and not (a < 0) then [a, 2 .^ y'] else x[1..] }\n";
    for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
        if let Some(rendered) = render(&text[..end]) {
            assert!(rendered.starts_with("error"), "{rendered}");
        }
    }
}

#[test]
fn deep_nesting_is_read_or_refused() {
    for (before, after) in [("(", ")"), ("sin(", ")"), ("-", ""), ("[", "]"), ("{", "}"), ("not ", ""), ("x^", "")] {
        let text = format!("f(x) = {}x{}", before.repeat(20_000), after.repeat(20_000));
        if let Some(rendered) = render(&text) {
            assert!(rendered.starts_with("error"), "{before}");
        }
    }
}

/// Constants that look undefined, but have a value, or stand in a branch that is never taken.
const DEFINED: &[&str] = &[
    "f(x) = x + ln(exp(-1000))",
    "f(x) = x + 1/exp(-1000)",
    "f(x) = x + sqrt(2 - sqrt(4))",
    "f(x) = x + 0^0",
    "f(x) = x + atan2(0, -1)",
    "f(x) = x + asin(1) + acos(-1) + acosh(1)",
    "f(x) = x + (-8)^3 + cbrt(-8)",
    "f(x) = sum(i in 0..3, if(i > 0, x/i, 0))",
    "f(x) = x/(1 + erf(-100)) + x/(1 - tanh(3000)) + x/(1 - sigmoid(5000)) + x/(1 - ndtr(200))",
    "g(y) = if(y > 0, ln(y), 0)\nf(x) = x*g(0)",
    "g(y) = if(y == 0 or y < -1, 0, 1/y)\nf(x) = x*g(0)",
];

#[test]
fn constants_with_a_value_are_accepted() {
    for text in DEFINED {
        let errors = gradc::compile(text, &Options::default()).err();
        assert!(errors.is_none(), "{text}: {errors:?}");
    }
}
