#!/usr/bin/env bash
# Compiles the workloads with gradc ($GRADC, default: a release build of this tree) and builds one library that exports
# NAME_genrust(input, output) for each. Prints its path, and nothing else.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
if [ -z "${GRADC:-}" ]; then
  cargo build --release --quiet --manifest-path "$root/Cargo.toml" >&2
  GRADC=$target/release/gradc
fi
export GENERATED=$target/peers/generated
mkdir -p "$GENERATED"
compile() { # workload, derivatives, parameters, function, options
  "$GRADC" compile "$root/benches/workloads/$1.grad" --derive "$2" ${3:+--wrt "$3"} ${4:+--function "$4"} "${@:5}" -o "$GENERATED/${4:-$1}.rs" >&2
}
compile arm jacobian
compile atoms gradient X
compile brusselator jvp,sparse_jacobian U,V brusselator --sparse triplets
compile bundle sparse_jacobian camera,point,weight
compile cartpole gradient u
compile hmm gradient A,mu,s
compile kalman gradient A,C,Q,R
compile lstm gradient W,V,E
compile luksan_vlcek sparse_jacobian x constraints
compile luksan_vlcek sparse_hessian x lagrangian
compile mixture gradient alpha,mu,q,L
compile nested gradient
compile neuron gradient
compile perceptron gradient W,b,V,c
compile power_flow sparse_jacobian va,vm flows --sparse triplets
compile power_flow sparse_hessian va,vm flows_lagrangian --sparse triplets
compile product gradient
compile reprojection gradient,jacobian
compile rosenbrock gradient
compile rosenbrock hessian x rosenbrock10
compile squared_norm gradient
compile thurber jacobian b
compile thurber_squares gradient b
CARGO_TARGET_DIR=$target/peers cargo build --release --quiet --manifest-path "$here/Cargo.toml" >&2
echo "$target/peers/release/libgenrust.so"
