//! The log on standard error: for people, or as JSON Lines for programs.

use std::io;

use anstream::AutoStream;
use clap::ValueEnum;
use tracing_subscriber::filter::LevelFilter;

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Form {
    /// A line for people
    #[default]
    Human,
    /// A JSON object a line
    Json,
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Level {
    /// Nothing
    Off,
    /// What failed
    Error,
    /// What may surprise, too
    #[default]
    Warn,
    /// Every exchange, too
    Info,
    /// Connections, too
    Debug,
    /// Everything
    Trace,
}

/// Starts the log of this process. A process that has one already keeps it.
pub(crate) fn start(form: Form, level: Level) {
    let filter = match level {
        Level::Off => LevelFilter::OFF,
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
        Level::Trace => LevelFilter::TRACE,
    };
    let log = tracing_subscriber::fmt()
        .with_max_level(filter)
        .with_writer(io::stderr)
        .log_internal_errors(false)
        .with_target(false);
    let started = match form {
        Form::Human => {
            let in_colour = AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never;
            log.with_ansi(in_colour).try_init()
        }
        Form::Json => log.json().flatten_event(true).try_init(),
    };
    // Whoever started the other log decides where lines go.
    let _ = started;
}
