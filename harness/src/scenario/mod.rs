//! Scenario files: a device, what is sent to it, and what is expected.
