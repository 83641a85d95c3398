//! A message that is refused changes nothing.

use cspsim::Device;

#[test]
fn malformed_messages_leave_the_device_as_it_was() {
    let before = Device::builtin();
    for case in fixtures::cases("malformed") {
        let mut device = before.clone();
        let message = case.bytes("message.xml").expect("a case has a message");
        assert!(cspsim::answer(&mut device, &message).is_err(), "{} is answered", case.name);
        assert!(device == before, "{} changes the device", case.name);
    }
}

#[test]
fn a_message_cut_anywhere_is_refused_and_leaves_the_device_as_it_was() {
    let before = Device::builtin();
    for case in fixtures::cases("mutation-seeds") {
        let message = case.bytes("message.xml").expect("a case has a message");
        let whole = message.trim_ascii_end().len();
        for end in 0..whole {
            let mut device = before.clone();
            assert!(
                cspsim::answer(&mut device, &message[..end]).is_err(),
                "{} cut at {end} is answered",
                case.name
            );
            assert!(device == before, "{} cut at {end} changes the device", case.name);
        }
    }
}
