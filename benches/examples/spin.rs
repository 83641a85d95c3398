use csp_model::Device;
use syncml::codec::{self, Limits};
use syncml::message::*;
use syncml::session::Responder;
fn main() {
    eprintln!(
        "Command {} Kind {} Status {} Results {} Item {} Text {} OText {} Request {} Location {} Meta {}",
        size_of::<Command>(),
        size_of::<Kind>(),
        size_of::<Status>(),
        size_of::<Results>(),
        size_of::<Item>(),
        size_of::<Text>(),
        size_of::<Option<Text>>(),
        size_of::<Request>(),
        size_of::<Location>(),
        size_of::<Meta>()
    );
    let d = Device::builtin();
    let r = if std::env::args().nth(1).as_deref() == Some("adds") {
        benches::messages::five_gets_twelve_adds()
    } else {
        benches::messages::eight_gets()
    };
    let m = codec::decode(r.as_bytes(), &Limits::default()).unwrap();
    let mode = std::env::args().nth(2).unwrap_or_default();
    let n = if cfg!(debug_assertions) { 1 } else { 200000 };
    for _ in 0..n {
        if mode == "decode" {
            std::hint::black_box(codec::decode(r.as_bytes(), &Limits::default()).unwrap());
            continue;
        }
        let mut d2 = d.clone();
        let t = Responder::new(&d2).receive(&m, &mut d2);
        std::hint::black_box(&t);
    }
}
