//! The ten realistic stories of `testdata/scenarios/stories`, each with its whole text as a snapshot.

use std::path::Path;

use iamsim_scenario::{Detail, Totals};

use crate::files;

const FOLDER: &str = "testdata/scenarios/stories";

/// What a reader looks for in them: a story each.
const STORIES: &[&str] = &[
    "abac-session-tags",
    "break-glass",
    "ci-by-oidc",
    "cross-account-s3-kms",
    "data-perimeter",
    "delegated-admin-boundaries",
    "role-chain",
    "service-role",
    "session-revocation",
    "third-party-external-id",
];

fn stem(name: &str) -> String {
    Path::new(name).file_stem().unwrap().to_string_lossy().into_owned()
}

#[test]
fn each_story_is_there_and_tells_what_it_shows() {
    let names = files::in_folder(FOLDER);
    assert_eq!(names.iter().map(|name| stem(name)).collect::<Vec<_>>(), STORIES);
    for name in names {
        let scenario = files::parse(&files::source(&name).unwrap()).unwrap();
        assert_eq!(scenario.warnings(), [], "{name}");
        assert!(
            scenario.about().len() > 1 && !scenario.rules().is_empty(),
            "{name} tells its reader nothing"
        );
    }
}

#[test]
fn each_story_comes_to_what_it_expects_in_the_words_of_its_snapshot() {
    for name in files::in_folder(FOLDER) {
        let outcome = files::run(&name).unwrap_or_else(|findings| panic!("{findings:#?}"));
        let text = outcome.to_text(Detail::Reason);
        let Totals { passed, failed, undetermined, .. } = outcome.totals();
        assert!(passed > 5 && failed == 0 && undetermined == 0, "{text}");
        insta::with_settings!({ snapshot_suffix => stem(&name), omit_expression => true }, {
            insta::assert_snapshot!("story", text);
        });
    }
}
