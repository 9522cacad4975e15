//! Policies that say the same letter for letter are one in memory, and nobody can tell.

use iamsim::Cloud;

use crate::support::{HOME, trusting};

const TEXT: &str = r#"{"Version": "2012-10-17", "Statement": [
    {"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"},
    {"Effect": "Deny", "Action": "s3:PutObject", "Resource": "*"}]}"#;

#[test]
fn an_explanation_names_the_policy_of_the_role_that_asked() {
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    for name in ["reader", "writer"] {
        account.add_role(name, trusting(HOME)).unwrap().attach(&format!("of-{name}"), TEXT).unwrap();
    }
    account.add_policy("managed", TEXT).unwrap();
    let arn = format!("arn:aws:iam::{HOME}:policy/managed");
    account.add_user("dev").unwrap().attach_policy(&arn).unwrap();
    let callers = [
        ("of-reader", account.role("reader").unwrap().session("work").unwrap()),
        ("of-writer", account.role("writer").unwrap().session("work").unwrap()),
        ("managed", account.user("dev").unwrap().caller()),
    ];
    for (name, caller) in &callers {
        for (action, place) in [("s3:GetObject", "2:5"), ("s3:PutObject", "3:5")] {
            let asked = cloud.request(caller, action, "arn:aws:s3:::b/k").complete().owner(HOME);
            let explanation = asked.explain().unwrap();
            let deciding = explanation.deciding();
            let statement = deciding.first().unwrap();
            assert_eq!(statement.place(), format!("{name}:{place}"));
            let text = explanation.to_string();
            assert!(text.contains(&format!("{name}:{place}")), "{text}");
            for (other, _) in callers.iter().filter(|(other, _)| other != name) {
                assert!(!text.contains(other), "{text}");
            }
        }
    }
}
