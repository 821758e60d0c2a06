"""Rust: cargo build, cargo test and a program that panics."""

from collections.abc import Sequence

from failing_cases.project import Cases, Fact, Project, Tool

CARGO = Tool("cargo", ("cargo", "--version"), "apt", ("cargo",))
RUSTC = Tool("rustc", ("rustc", "--version"), "apt", ("rustc",))
CASES = Cases()

MANIFEST = """
    [package]
    name = "shop"
    version = "0.1.0"
    edition = "2021"
"""


@CASES.add("cargo-build", CARGO, RUSTC)
def cargo_build(project: Project) -> Sequence[Fact]:
    """A borrow and a type that do not hold, among 150 warnings."""
    unused = "".join(f"fn unused_error_{number}() {{ let x{number} = {number}; }}\n" for number in range(75))
    project.write({"Cargo.toml": MANIFEST, "src/lib.rs": "mod cart;\nmod noise;\n", "src/noise.rs": unused})
    project.write(
        {
            "src/cart.rs": """
                pub fn total(lines: Vec<u32>) -> u32 {
                    let serendipity_sum: u32 = lines.iter().map(|line| *line as u64).sum();
                    serendipity_sum
                }
                pub fn widdershins(name: String) -> usize {
                    let other = name;
                    name.len() + other.len()
                }
            """
        }
    )
    project.run("cargo", "build", "--offline")
    return [
        Fact("a value of type `u32` cannot be made by", "src/cart.rs", "lines.iter()", None, ("serendipity_sum",)),
        Fact("borrow of moved value: `name`", "src/cart.rs", "name.len()", None, ("widdershins",)),
    ]


@CASES.add("cargo-test", CARGO, RUSTC)
def cargo_test(project: Project) -> Sequence[Fact]:
    """Two panics among 700 passing tests, with their captured output and a full trace."""
    passing = "".join(
        f'#[test]\nfn no_error_{number}() {{ println!("item {number}"); assert!({number} < 1000); }}\n'
        for number in range(700)
    )
    project.write({"Cargo.toml": MANIFEST, "src/lib.rs": "pub mod stock;\n", "tests/noise.rs": passing})
    project.write(
        {
            "src/stock.rs": """
                pub fn take(shelves: &[u32], number: usize) -> u32 {
                    for step in 0..120 {
                        println!("step {step}: no error on any shelf");
                    }
                    shelves[number]
                }

                #[cfg(test)]
                mod tests {
                    use super::take;

                    #[test]
                    fn takes_the_tenth_shelf() {
                        take(&[1, 2, 3], 10);
                    }

                    #[test]
                    fn label_is_short() {
                        assert_eq!("pumpernickel".len(), 11, "label of crumhorn is too long");
                    }
                }
            """
        }
    )
    project.run("cargo", "test", "--offline", "--no-fail-fast", RUST_BACKTRACE="1")
    return [
        Fact("index out of bounds: the len is 3", "src/stock.rs", "shelves[number]", "takes_the_tenth_shelf"),
        Fact("label of crumhorn is too long", "src/stock.rs", "pumpernickel", "label_is_short", ("crumhorn",)),
    ]


@CASES.add("rust-panic", CARGO, RUSTC)
def rust_panic(project: Project) -> Sequence[Fact]:
    """A program in colour on a terminal that panics in a thread, and goes on writing for 1,200 lines."""
    project.write({"Cargo.toml": MANIFEST})
    project.write(
        {
            "src/main.rs": """
                use std::thread;

                fn main() {
                    let worker = thread::Builder::new().name("packer".into()).spawn(|| {
                        let parcel: Option<u32> = None;
                        parcel.expect("parcel of gobbledegook was never weighed")
                    }).unwrap();
                    let ended = worker.join();
                    for number in 0..1200 {
                        println!("shutting down connection {number}: no error");
                    }
                    std::process::exit(if ended.is_err() { 3 } else { 0 });
                }
            """
        }
    )
    project.run("cargo", "run", "--offline", "--color=always", terminal=True)
    return [Fact("was never weighed", "src/main.rs", "parcel.expect", None, ("gobbledegook",))]
