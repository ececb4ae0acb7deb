//! The examples of the help texts. A test runs each line as it stands, in a folder with a file `model.grad`.

pub const ALL: &str = "\
Examples:
  gradc diff 'x^2*sin(y)'
  gradc grad '1/(1 + exp(-(w*x + b)))' --at w=2,x=-1,b=3
  gradc explain 'ln(1 + exp(x))'
  gradc compile 'f(x, y) = x^2*y' --derive gradient,hessian";

pub const DIFF: &str = "\
Examples:
  gradc diff 'x^2*sin(y)' --wrt x
  gradc diff 'exp(-x^2/2)' --order 2 -f latex
  gradc diff 'norm2(A*x - b)^2' --param 'A: matrix[n,m]' --param 'x: vector[m]' --param 'b: vector[n]' --wrt x";

pub const GRAD: &str = "\
Examples:
  gradc grad '(x + y)*z' --at x=-2,y=5,z=-4
  gradc grad 'f(W: matrix[n,m], x: vector[m]) = norm2(W*x)^2'
  gradc grad 'f(W: matrix[2,2], b) = b*W[0,1]^2' --wrt 'W[0,1],b'
  gradc grad 'sqrt(x^2 + y^2)' --at x=3,y=4 -f json
  gradc grad 'sqrt(x^2 + 1) - x' --at x=1e9 --double";

pub const JACOBIAN: &str = "\
Examples:
  gradc jacobian '[r*cos(t), r*sin(t)]' --at r=2,t=0";

pub const HESSIAN: &str = "\
Examples:
  gradc hessian 'x^3*y' --at x=1,y=2
  gradc hessian 'f(A: matrix[n,n], x: vector[n]) = dot(x, A*x)' --wrt x";

pub const EXPLAIN: &str = "\
Examples:
  gradc explain '1/(1 + exp(-x))' --wrt x
  gradc explain 'tanh(x)' -f latex
  gradc explain 'f(W: matrix[n, m], x: vector[m]) = { let q = W*x; norm2(q)^2 }' --wrt W
  gradc explain E0007";

pub const REPORT: &str = "\
Examples:
  gradc report '1/(1 + exp(-(w*x + b)))' --at w=2,x=-1,b=3 -o neuron.html";

pub const BACKPROP: &str = "\
Examples:
  gradc backprop '(x + y)*z' --at x=-2,y=5,z=-4
  gradc backprop '1/(1 + exp(-(w*x + b)))' --at w=2,x=-1,b=3 --gates sigmoid
  gradc backprop 'x*y + max(x, y)' --at x=3,y=-4 -f svg > circuit.svg";

pub const COMPILE: &str = "\
Examples:
  gradc compile 'f(x, y) = x^2*y' --derive gradient,hessian
  gradc compile 'f(x: vector[n]) = sum(exp(x))^2' --derive jvp,hvp
  gradc compile 'f(w: vector[2], x) = exp(w[0]*x + w[1])' --batch x
  gradc compile model.grad -o model.rs --scalar f32";

pub const CHECK: &str = "\
Examples:
  gradc check 'x^2*sin(y)' --at x=1,y=2
  gradc check model.grad";

pub const REPL: &str = "\
Examples:
  printf 'f(x, y) = x^2*y\\ngrad f --at x=1,y=2\\n' | gradc repl";

pub const WATCH: &str = "\
Examples:
  gradc watch model.grad --runs 1
  gradc watch model.grad --runs 1 grad --at x=1,y=2";

pub const BATCH: &str = "\
Examples:
  echo '{\"id\":1,\"expr\":\"x^2\",\"vars\":[\"x\"],\"at\":{\"x\":3}}' | gradc batch
  echo '{\"id\":1,\"expr\":\"x - sin(x)\",\"vars\":[\"x\"],\"at\":{\"x\":1e-5}}' | gradc batch --double";

pub const RULES: &str = "\
Examples:
  gradc rules
  gradc rules Pythagoras";

pub const FMT: &str = "\
Examples:
  gradc fmt model.grad
  gradc fmt model.grad --write";

pub const COMPLETIONS: &str = "\
Examples:
  gradc completions bash > gradc.bash";

pub const MAN: &str = "\
Examples:
  gradc man > gradc.1
  gradc man grad";
