//! The pure core, provider by provider: `cargo bench -p bench`.

use bench::core::{Case, Step};
use divan::Bencher;
use divan::counter::BytesCount;

const SIZES: [usize; 3] = [1024, 3072, 8192];

fn main() {
    divan::main();
}

fn names() -> impl Iterator<Item = &'static str> {
    bench::workload::senders()
        .into_iter()
        .map(|provider| provider.info().name)
}

fn measure(bencher: Bencher, provider: &str, bytes: usize, step: Step) {
    let Some(case) = Case::new(provider, bytes) else {
        return;
    };
    bencher
        .counter(BytesCount::new(case.bytes()))
        .bench_local(|| case.run(step));
}

#[divan::bench(args = names())]
fn whole_3k(bencher: Bencher, provider: &str) {
    measure(bencher, provider, 3072, Step::Whole);
}

#[divan::bench(args = names())]
fn verify_3k(bencher: Bencher, provider: &str) {
    measure(bencher, provider, 3072, Step::Verify);
}

#[divan::bench(args = SIZES)]
fn stripe_whole(bencher: Bencher, bytes: usize) {
    measure(bencher, "stripe", bytes, Step::Whole);
}

#[divan::bench(args = SIZES)]
fn stripe_parse(bencher: Bencher, bytes: usize) {
    measure(bencher, "stripe", bytes, Step::Parse);
}

#[divan::bench(args = SIZES)]
fn stripe_mask(bencher: Bencher, bytes: usize) {
    measure(bencher, "stripe", bytes, Step::Mask);
}
