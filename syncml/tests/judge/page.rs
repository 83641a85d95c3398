//! `docs/rules.md`: every rule with what shows it, rendered from the rules and their cases.

use std::fmt::Write as _;

use fixtures::{Case, cases};
use syncml::judge::rules::{SECTIONS, UNCHECKED};
use syncml::judge::{Finding, Rule, Side};

use super::play;

/// Lines of an example, at most.
const MOST: usize = 6;

pub(super) fn render() -> String {
    let mut text = "# What a server can do wrong\n\n\
        The rules that `cspsim lint`, `connect`, `serve` and `test` judge a server by. Each rests on a text, or says that it was\n\
        decided. An **error** is refused by Windows, or keeps the session from going on as it should; a **warning** is taken,\n\
        though a text asks for something else; a **note** works and may not be what was meant: it fails nothing.\n\n\
        `cspsim lint --explain RULE` prints what stands here about a rule. The page is rendered by a test from the rules and\n\
        from their cases in `fixtures/judge`, where each has messages that break it and messages that do not.\n"
        .to_owned();
    for (section, rules) in SECTIONS {
        write!(text, "\n## {section}\n\n| rule | severity | what it says |\n|---|---|---|\n").unwrap();
        for Rule { id, severity, what, .. } in *rules {
            writeln!(text, "| [`{id}`](#{id}) | {severity} | {} |", escaped(what)).unwrap();
        }
    }
    text.push_str("\n## Not judged\n\nWhat a text asks of a server and nobody can see in its messages.\n\n| what | source | why not |\n|---|---|---|\n");
    for unchecked in UNCHECKED {
        writeln!(text, "| {} | {} | {} |", unchecked.what, unchecked.source, unchecked.why).unwrap();
    }
    text.push_str("\n## Each rule\n");
    for rule in SECTIONS.iter().flat_map(|(_, rules)| rules.iter()) {
        self::rule(rule, &mut text);
    }
    text
}

fn rule(rule: &Rule, text: &mut String) {
    let Rule { id, severity, needs, what, remedy, source, .. } = rule;
    write!(
        text,
        "\n### {id}\n\n**{severity}**: {what}\n\n- What to do: {remedy}\n- Shown by: {}\n- Source: {source}\n",
        needs.what()
    )
    .unwrap();
    let case = |name: &str| cases(&format!("judge/{id}")).into_iter().find(|case| case.name == name).unwrap();
    let (bad, good) = (case("bad"), case("good"));
    let Some((name, line, found)) = first(&bad, id) else { return };
    if !line.is_empty() {
        write!(text, "\n```xml\n{line}\n```\n").unwrap();
    }
    writeln!(text, "\n> {}", escaped(&found)).unwrap();
    let (bad, good) = (bad.text(&name).unwrap_or_default(), good.text(&name).unwrap_or_default());
    let better: Vec<_> = good.lines().filter(|line| !bad.lines().any(|other| other == *line)).collect();
    if !better.is_empty() && better.len() <= MOST {
        write!(text, "\nInstead:\n\n```xml\n{}\n```\n", better.join("\n")).unwrap();
    }
}

/// The first finding that a case has of the rule `id`: the message's name, the line, the words.
fn first(case: &Case, id: &str) -> Option<(String, String, String)> {
    let played = play(case);
    played.into_iter().find_map(|message| {
        let Finding { text, span, .. } =
            message.findings.iter().find(|finding| finding.rule.id == id && message.side == Side::Server)?;
        let start = message
            .text
            .get(..span.range().start)
            .and_then(|before| before.rfind('\n'))
            .map_or(0, |at| at + 1);
        let line = message.text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        Some((message.name.clone(), line.to_owned(), text.clone()))
    })
}

/// Text in a page: what looks like a tag is none.
fn escaped(text: &str) -> String {
    text.replace('<', "\\<").replace('|', "\\|")
}
