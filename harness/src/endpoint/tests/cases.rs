//! `fixtures/http`: requests as bytes, and what their answers have. Every answer is held against `openapi.json`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Limits, Running};

/// One answer.
struct Answer<'a> {
    status: u16,
    media_type: Option<&'a str>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_case_is_answered_as_it_says() {
    let api: Value = serde_json::from_str(include_str!("../../../openapi.json")).expect("JSON");
    let mut met = BTreeSet::new();
    let mut wrong = Vec::new();
    for case in fixtures::cases("http") {
        let running = Running::start(Limits::default()).await;
        let request = case.text("request").expect("a case has a request");
        let sent = request.replace("{host}", &running.address.to_string()).replace('\n', "\r\n");
        let bytes = running.answers(sent.as_bytes()).await;
        let text = String::from_utf8_lossy(&bytes);
        let answers = answers(&text);
        let expect = case.text("expect").expect("a case has what is expected");
        let (statuses, parts) = expect.split_once('\n').expect("a line of statuses");
        let got: Vec<_> = answers.iter().map(|answer| answer.status.to_string()).collect();
        if got.join(" ") != statuses {
            wrong.push(format!("{}: {} instead of {statuses}: {text}", case.name, got.join(" ")));
        }
        for part in parts.lines() {
            let holds = match part.strip_prefix('!') {
                Some(part) => !text.contains(part),
                None => text.contains(part),
            };
            if !holds {
                wrong.push(format!("{}: `{part}`: {text}", case.name));
            }
        }
        let final_ones = answers.iter().filter(|answer| answer.status != 100);
        for (line, answer) in request_lines(&request).zip(final_ones) {
            if let Some(error) = undescribed(&api, line, answer, &mut met) {
                wrong.push(format!("{}: {error}", case.name));
            }
        }
    }
    for (path, operations) in api["paths"].as_object().expect("paths") {
        for method in operations.as_object().expect("operations").keys() {
            if !met.contains(&(path.clone(), method.clone())) {
                wrong.push(format!("no case shows {method} {path} at its best"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Method and target of every request in a case: a request line may follow a body without a line's end.
fn request_lines(request: &str) -> impl Iterator<Item = (&str, &str)> {
    request.lines().filter_map(|line| {
        let (line, _) = line.split_once(" HTTP/1.")?;
        let (before, target) = line.rsplit_once(' ')?;
        let body = before.trim_end_matches(|byte: char| byte.is_ascii_uppercase());
        Some((before.get(body.len()..)?, target))
    })
}

/// The answers in a stream: an answer begins where a status line does.
fn answers(text: &str) -> Vec<Answer<'_>> {
    let mut answers = Vec::new();
    for part in text.split("HTTP/1.").skip(1) {
        let head = part.split("\r\n\r\n").next().unwrap_or_default();
        let Some(status) = head.split(' ').nth(1).and_then(|status| status.parse().ok()) else { continue };
        let media_type = head.lines().find_map(|line| line.strip_prefix("content-type: "));
        answers.push(Answer { status, media_type });
    }
    answers
}

/// What the description lacks of an answer; what is no operation at all is only refused.
fn undescribed(
    api: &Value,
    (method, target): (&str, &str),
    answer: &Answer<'_>,
    met: &mut BTreeSet<(String, String)>,
) -> Option<String> {
    let path = target.split('?').next().unwrap_or_default();
    let method = method.to_ascii_lowercase();
    let paths = api["paths"].as_object()?;
    let template = paths.keys().find(|template| matches(template, path));
    let operation =
        template.map(|template| &api["paths"][template][&method]).filter(|found| found.is_object());
    let (Some(template), Some(operation)) = (template, operation) else {
        let is_refused = matches!(answer.status, 400 | 404 | 405) || method == "head";
        return (!is_refused).then(|| format!("{method} {path} is not described"));
    };
    // What is no HTTP at all, no handler sees.
    let media_type = match answer.media_type {
        None if answer.status == 400 => return None,
        media_type => media_type,
    };
    if answer.status < 300 {
        met.insert((template.clone(), method.clone()));
    }
    let described = &operation["responses"][answer.status.to_string()];
    if described.is_null() {
        return Some(format!("{method} {template} is not said to answer {}", answer.status));
    }
    let known: Vec<_> =
        described["content"].as_object().into_iter().flat_map(|content| content.keys()).collect();
    let is_known = match media_type {
        None => known.is_empty(),
        Some(media_type) => known.iter().any(|known| media_type.split(';').next() == Some(known)),
    };
    (!is_known)
        .then(|| format!("{method} {template} is not said to answer {} with {media_type:?}", answer.status))
}

/// Whether a path is one of a template.
fn matches(template: &str, path: &str) -> bool {
    let (mut template, mut path) = (template.split('/'), path.split('/'));
    loop {
        match (template.next(), path.next()) {
            (None, None) => return true,
            (Some(expected), Some(found)) if expected.starts_with('{') || expected == found => {}
            _ => return false,
        }
    }
}
