// SPDX-License-Identifier: MIT
//
// allocate.rs - MODE [N]: Vec at its limit.
fn grow(mib: usize) {
    let mut kept: Vec<Vec<u8>> = Vec::new();
    while kept.len() < mib {
        kept.push(vec![1u8; 1 << 20]);
    }
    println!("{}", kept.len());
}

fn main() {
    let words: Vec<String> = std::env::args().collect();
    let huge: usize = 8_000_000_000;
    match words.get(1).map(String::as_str) {
        Some("caught") => {
            let mut one: Vec<u8> = Vec::new();
            std::process::exit(if one.try_reserve_exact(huge).is_err() { 0 } else { 5 });
        }
        Some("uncaught") => println!("{}", vec![1u8; huge][words.len()]),
        Some("grow") => grow(100_000),
        Some("near") => grow(words[2].parse().unwrap()),
        _ => std::process::exit(125),
    }
}
