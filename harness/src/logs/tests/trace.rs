//! A strict reader of WindowsUpdate.log as text.

use super::{Cursor, number};

/// A line of the log.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// `yyyy/MM/dd HH:mm:ss`
    pub(super) time: String,
    pub(super) message: String,
}

/// Every line of a log; a log that is anything else panics.
pub(super) fn read(bytes: &[u8]) -> Vec<Line> {
    let text = str::from_utf8(bytes).expect("UTF-8");
    text.split_terminator("\r\n")
        .map(|line| {
            assert!(!line.contains(['\r', '\n']), "{line:?}");
            let time = &line[..19];
            let mut left = Cursor(time);
            let _ = (number(left.until("/"), 4), number(left.until("/"), 2), number(left.until(" "), 2));
            let _ = (number(left.until(":"), 2), number(left.until(":"), 2), number(left.0, 2));
            let mut left = Cursor(&line[19..]);
            left.skip(".");
            number(left.until(" "), 7);
            for column in ["a process", "a thread"] {
                assert!(left.until(" ").parse::<u32>().is_ok(), "{column} in {line:?}");
                left.0 = left.0.trim_start();
            }
            let (component, message) = left.0.split_once(' ').expect("a component");
            assert!(component.len() <= 15, "{line:?}");
            Line { time: time.to_owned(), message: message.trim_start().to_owned() }
        })
        .collect()
}
