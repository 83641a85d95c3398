//! `cspsim record` as a program between tests and their servers.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStdout, Command, Stdio};

/// A proxy that is a program of its own; it is gone when this is.
pub(crate) struct Recording {
    program: Child,
    out: BufReader<ChildStdout>,
    pub(crate) url: String,
}

/// What a program that was asked to end has left.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Recording {
    pub(crate) fn start(upstream: &str, options: &[&str]) -> Self {
        let mut program = Command::new(env!("CARGO_BIN_EXE_cspsim"))
            .args(["record", "--listen", "127.0.0.1:0", "--upstream", upstream])
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(program.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let url = line.trim_end().strip_prefix("cspsim listening on ").unwrap_or_default().to_owned();
        assert!(!url.is_empty(), "{line}");
        Self { program, out, url }
    }

    pub(crate) fn address(&self) -> &str {
        self.url.split_once("//").unwrap().1
    }

    /// Ends it as Ctrl-C does.
    pub(crate) fn end(mut self) -> Ended {
        let asked = Command::new("kill").args(["-INT", &self.program.id().to_string()]).status().unwrap();
        assert!(asked.success());
        let mut ended = Ended { code: None, out: String::new(), err: String::new() };
        self.out.read_to_string(&mut ended.out).unwrap();
        self.program.stderr.take().unwrap().read_to_string(&mut ended.err).unwrap();
        ended.code = self.program.wait().unwrap().code();
        ended
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        // It has ended already where the test went well.
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}
