use super::{Problem, RuleFile, builtin, check};

#[test]
fn every_rule_answers_its_own_examples() {
    let files = builtin().unwrap_or_else(|problems| {
        assert!(problems.is_empty(), "{problems:#?}");
        Vec::new()
    });
    let problems: Vec<String> = check(&files).iter().map(Problem::to_string).collect();
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}

#[test]
fn the_rules_cover_many_services_and_each_says_where_its_format_is_documented() {
    let files = builtin().unwrap_or_default();
    let rules: Vec<_> = files.iter().flat_map(|f| &f.rules).collect();
    let mut services: Vec<&str> = rules.iter().map(|r| r.service.as_str()).filter(|s| !s.is_empty()).collect();
    services.sort_unstable();
    services.dedup();
    assert!(rules.len() >= 350, "{} rules", rules.len());
    assert!(services.len() >= 200, "{} services", services.len());
    let silent: Vec<&str> = rules.iter().filter(|r| r.references.is_empty()).map(|r| r.id.as_str()).collect();
    assert!(silent.is_empty(), "without reference: {silent:?}");
    let bold: Vec<&str> = rules.iter().filter(|r| r.negative_examples.is_empty()).map(|r| r.id.as_str()).collect();
    assert!(bold.is_empty(), "without negative example: {bold:?}");
}

#[test]
fn check_reports_every_problem_at_once() {
    let text = r#"
        [[rule]]
        id = "Bad Id"
        description = "x"
        kind = "nonsense"
        confidence = 2.0
        literals = ["ab"]
        pattern = "("
        examples = []
        [[rule]]
        id = "quiet"
        description = "x"
        kind = "token"
        confidence = 0.9
        literals = ["abcd"]
        pattern = "abcd([0-9]{4})"
        examples = ["nothing"]
    "#;
    let file = RuleFile::parse("mine", text).expect("parses");
    assert!(check(std::slice::from_ref(&file)).len() >= 5);
    let quiet = RuleFile { rules: file.rules[1..].to_vec(), ..file };
    assert_eq!(check(&[quiet]).len(), 1);
}
