//! The devices of one program, by name.
