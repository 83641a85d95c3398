//! The command `cspsim`.

use std::process::ExitCode;

fn main() -> ExitCode {
    cspsim::cli::main()
}
