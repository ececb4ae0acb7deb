use gradc::derive::*;
use gradc::source::Source;
use std::time::Instant;
fn main() {
    for f in std::env::args().skip(1) {
        let t = std::fs::read_to_string(&f).unwrap();
        let mut best = [f64::MAX; 6];
        for _ in 0..8 {
            let a = Instant::now();
            let fs = gradc::read(&Source::new("b", t.clone()), &[]).unwrap();
            let b = Instant::now();
            let all: Vec<usize> = (0..fs[0].graph.inputs().len()).collect();
            let raw = derive(&fs[0], &all, Order::First, Form::Raw).unwrap();
            let c = Instant::now();
            let mut d = derive(&fs[0], &all, Order::First, Form::Code).unwrap();
            let e = Instant::now();
            let tape = d.tape();
            let g = Instant::now();
            drop(raw);
            let h = Instant::now();
            let o = gradc::emit::emit(&fs, &gradc::Options::default()).unwrap();
            let k = Instant::now();
            std::hint::black_box((tape, o));
            for (i, x) in [b - a, c - b, e - c, g - e, h - g, k - h].iter().enumerate() {
                best[i] = best[i].min(x.as_secs_f64() * 1e3);
            }
        }
        println!(
            "{f}: read {:.3} raw {:.3} code {:.3} tape {:.3} dropraw {:.3} emit-all {:.3}",
            best[0], best[1], best[2], best[3], best[4], best[5]
        );
    }
}
