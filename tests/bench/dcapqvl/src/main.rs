// SPDX-License-Identifier: Apache-2.0
//
// Whole cold verifications of one quote by the dcap-qvl crate, in one thread:
// all of it from bytes, the JSON of the collateral included. Prints, as
// bench_quote does: "median_ns MEDIAN LEAST MOST".
//
//     dcapqvl-bench QUOTE COLLATERAL NOW ROUNDS
use dcap_qvl::{verify::ring, QuoteCollateralV3};
use std::{env, fs, hint::black_box, process::exit, time::Instant};

fn die(why: impl std::fmt::Display) -> ! {
    eprintln!("dcapqvl-bench: {why}");
    exit(1)
}

fn number(text: &str) -> u64 {
    text.parse()
        .unwrap_or_else(|_| die(format_args!("not a number: {text}")))
}

/// What a caller does who has a quote and a bundle: ends with the status.
fn verify(quote: &[u8], collateral: &[u8], now: u64) -> String {
    let collateral: QuoteCollateralV3 =
        serde_json::from_slice(collateral).unwrap_or_else(|e| die(e));
    match ring::verify(quote, &collateral, now) {
        Ok(report) => report.status,
        Err(e) => die(format_args!("does not verify: {e:#}")),
    }
}

fn main() {
    let args: Vec<String> = env::args().collect();
    if args.len() != 5 {
        die("usage: QUOTE COLLATERAL NOW ROUNDS")
    }
    let read = |path: &str| fs::read(path).unwrap_or_else(|e| die(format_args!("{path}: {e}")));
    let (quote, collateral) = (read(&args[1]), read(&args[2]));
    let (now, rounds) = (number(&args[3]), number(&args[4]).max(1));

    let status = verify(&quote, &collateral, now);
    if status != "UpToDate" {
        die(format_args!("the status is {status}, not UpToDate"))
    }
    let mut spent: Vec<u128> = (0..rounds)
        .map(|_| {
            let begin = Instant::now();
            black_box(verify(black_box(&quote), black_box(&collateral), now));
            begin.elapsed().as_nanos()
        })
        .collect();
    spent.sort_unstable();
    let last = spent.len() - 1;
    println!("median_ns {} {} {}", spent[last / 2], spent[0], spent[last]);
}
