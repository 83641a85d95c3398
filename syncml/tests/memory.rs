//! How much memory hostile bytes can take: all that is allocated while they are decoded, kept or not.

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use syncml::codec::{Limits, decode};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The bytes that decoding allocates in all; each time that a list grows counts whole.
fn allocated(bytes: &[u8]) -> usize {
    let region = Region::new(ALLOCATOR);
    drop(decode(bytes, &Limits::default()));
    region.change().bytes_allocated
}

/// As many bytes as may come: `head`, then `middle` again and again.
fn filled(head: &str, middle: &str) -> Vec<u8> {
    let (mut bytes, middle) = (fixtures::hex(head), fixtures::hex(middle));
    while bytes.len() + middle.len() <= Limits::default().bytes {
        bytes.extend_from_slice(&middle);
    }
    bytes
}

/// One test, so that nothing else allocates meanwhile.
#[test]
fn four_mebibytes_of_anything_take_less_than_sixteen_times_that() {
    const BOUND: usize = 64 << 20;
    let body = "02 a4 01 6a 00 6b ";
    let attribute = "02 a4 01 6a 02 61 00 6b 84 00 03 ";
    let cases = [
        ("unknown tokens", filled(body, "3f")),
        ("commands", filled(body, "13")),
        ("items", filled(&(body.to_owned() + "53"), "14")),
        ("items with all that they hold", filled(&(body.to_owned() + "53"), "54 2e 27 1a 0f 01")),
        ("references", filled(&(body.to_owned() + "69"), "2f")),
        ("experimental meta-information", filled(&(body.to_owned() + "53 5a 00 01"), "06")),
        ("markup", filled(&(body.to_owned() + "53 54 4f"), "3f 02 41")),
        ("nested elements", filled(body, "7f")),
        ("strings in pieces", filled(&(body.to_owned() + "53 4b"), "03 41 00")),
        ("characters", filled(&(body.to_owned() + "53 4b"), "02 c0 00")),
        ("an attribute value in pieces", filled(&(attribute.to_owned() + "61 00"), "03 41 00")),
        ("bytes that are not UTF-8", filled("02 a4 01 6a 00 6b 53 4b 03", "c3 28")),
        ("opaque bytes", filled(&(body.to_owned() + "53 4b"), "c3 03 00 ff 00")),
        ("documents in opaque bytes", filled(&(body.to_owned() + "53 54 4f"), "c3 06 03 a4 03 6a 00 0a")),
        ("names of the string table", filled("02 a4 01 6a 02 61 00 6b", "04 00")),
        ("strings of the string table", filled("02 a4 01 6a 02 61 00 6b 53 4b", "83 00")),
        ("a table", filled("02 a4 01 6a 81 ff ff 00", "61")),
    ];
    for (what, bytes) in &cases {
        let allocated = allocated(bytes);
        assert!(allocated < BOUND, "{what}: {allocated} bytes for {}", bytes.len());
    }
}
