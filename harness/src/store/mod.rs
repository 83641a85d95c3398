//! Devices on disk: one SQLite file, in which a person can read.
