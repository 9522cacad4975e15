//! Makes synthetic AWS organizations: accounts, units, roles, policies, resources and the requests asked of
//! them, by size and seed. The same settings make the same bytes, on every machine.
//!
//! Statements are drawn whole from AWS's managed policies and made concrete, so that actions, resources and
//! conditions go together as they do in life; shares and sizes are in one file, `shape.rs`. It judges nothing:
//! a request says what kind it was drawn as, and only the engine says what the answer is.
//!
//! Never published: benches and load tests use it.

mod adversarial;
mod build;
mod corpus;
mod document;
mod draw;
mod organization;
mod request;
mod shape;
mod write;

pub use adversarial::{Adversarial, Verdict, adversarial};
pub use corpus::Corpus;
pub use organization::{Account, Organization, Policy, Resource, Role, Settings, Unit, User};
pub use request::{Request, RequestKind};
pub use shape::{Archetype, DUPLICATES, Size, Tier};
pub use write::to_lines;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use iamsim::Decision;

    use super::*;

    fn generated(tier: Tier, seed: u64) -> Organization {
        Organization::generate(&Corpus::new(), &Settings::new(tier, seed))
    }

    #[test]
    fn the_same_seed_makes_the_same_bytes_and_another_seed_others() {
        let text = |seed| {
            let corpus = Corpus::new();
            let organization = Organization::generate(&corpus, &Settings::new(Tier::S, seed));
            organization.to_world() + &to_lines(&organization.requests(&corpus, 50))
        };
        assert_eq!(text(1), text(1));
        assert_ne!(text(1), text(2));
    }

    #[test]
    fn a_role_is_the_same_in_every_size() {
        let corpus = Corpus::new();
        let role = |tier| {
            let organization = Organization::generate(&corpus, &Settings::new(tier, 1));
            let account = organization.accounts.first().unwrap();
            let role = account.roles.first().unwrap().clone();
            let text =
                role.inline.iter().map(|policy| policy.text.replace(&account.id, "")).collect::<String>();
            (role.name, role.archetype, role.tags, text.replace("eu-west-1", "us-east-1"))
        };
        assert_eq!(role(Tier::S).0, role(Tier::L).0);
        assert_eq!(role(Tier::S).1, role(Tier::L).1);
        assert_eq!(role(Tier::S).2, role(Tier::L).2);
    }

    #[test]
    fn sizes_are_what_the_tier_says() {
        let corpus = Corpus::new();
        for tier in [Tier::S, Tier::M, Tier::L] {
            let organization = Organization::generate(&corpus, &Settings::new(tier, 1));
            let size = tier.size();
            assert_eq!(organization.roles(), size.roles, "{tier}");
            assert_eq!(organization.accounts.len(), size.accounts, "{tier}");
            assert_eq!(organization.units.len(), size.units, "{tier}");
            let users: usize = organization.accounts.iter().map(|account| account.users.len()).sum();
            assert_eq!(users, size.users, "{tier}");
            // The boundary of each account comes on top.
            let policies: usize =
                organization.accounts.iter().map(|account| account.policies.len() - 1).sum();
            assert_eq!(policies, size.policies, "{tier}");
        }
    }

    #[test]
    fn account_ids_are_twelve_digits_and_never_meet() {
        let size = Size { roles: 0, accounts: 500, units: 1, depth: 1, users: 0, policies: 0 };
        let organization = Organization::generate(&Corpus::new(), &Settings::sized(size, 3));
        let mut ids: Vec<&String> = organization.accounts.iter().map(|account| &account.id).collect();
        ids.push(&organization.management);
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 501);
        assert!(ids.iter().all(|id| id.len() == 12));
    }

    #[test]
    fn shares_of_archetypes_are_met() {
        let organization = generated(Tier::L, 1);
        let mut counts: BTreeMap<Archetype, usize> = BTreeMap::new();
        for role in organization.accounts.iter().flat_map(|account| &account.roles) {
            *counts.entry(role.archetype).or_default() += 1;
        }
        let share = |archetype| counts.get(&archetype).copied().unwrap_or_default() / 10;
        assert!((50..60).contains(&share(Archetype::Application)), "{counts:?}");
        assert!((9..15).contains(&share(Archetype::CrossAccount)), "{counts:?}");
        assert!((2..6).contains(&share(Archetype::Administrator)), "{counts:?}");
    }

    #[test]
    fn shares_of_requests_are_met() {
        let corpus = Corpus::new();
        let organization = generated(Tier::L, 1);
        let requests = organization.requests(&corpus, 2_000);
        assert_eq!(requests.len(), 2_000);
        let count = |is: &dyn Fn(&Request) -> bool| requests.iter().filter(|request| is(request)).count();
        for (kind, expected) in [
            (RequestKind::Exact, 1_200),
            (RequestKind::Wildcard, 300),
            (RequestKind::Implicit, 300),
            (RequestKind::Explicit, 100),
            (RequestKind::MissingKey, 100),
        ] {
            let found = count(&|request| request.kind == kind);
            assert!(found.abs_diff(expected) <= 50, "{kind:?}: {found} of 2,000, not {expected}");
        }
        let found = count(&|request| request.session_policy.is_some());
        assert!((40..=80).contains(&found), "{found} of 2,000 with a session policy");
    }

    #[test]
    fn what_is_called_most_is_asked_most() {
        let requests = generated(Tier::L, 1).requests(&Corpus::new(), 2_000);
        let asked = |action: &str| requests.iter().filter(|request| request.action == action).count();
        assert!(asked("ssm:DescribeInstanceInformation") > asked("ec2:GetPasswordData"));
        assert!(asked("ec2:DescribeInstances") > 5 * asked("ec2:DescribeFastSnapshotRestores").max(1));
    }

    #[test]
    fn few_callers_ask_most() {
        let organization = generated(Tier::L, 1);
        let mut asked: BTreeMap<(String, String), usize> = BTreeMap::new();
        for request in organization.requests(&Corpus::new(), 2_000) {
            *asked.entry((request.account, request.role)).or_default() += 1;
        }
        let mut counts: Vec<usize> = asked.into_values().collect();
        counts.sort_unstable_by(|first, second| second.cmp(first));
        // By Zipf's law with exponent 1 over 1,000 callers, the first ten of them ask 39 % and the first 13 %.
        let first_ten: usize = counts.iter().take(10).sum();
        assert!((600..1_000).contains(&first_ten), "{first_ten} of 2,000: {:?}", counts.get(..10));
    }

    #[test]
    fn documents_that_many_have_are_one_text() {
        let corpus = Corpus::new();
        let share = |percent| {
            let settings = Settings::new(Tier::M, 1).with_duplicates(percent);
            Organization::generate(&corpus, &settings).distinct_documents()
        };
        assert!(share(0) > share(90), "{} {}", share(0), share(90));
    }

    /// A decision alone is quicker had than one that is explained: it must be the same, whatever is known of the
    /// context.
    #[test]
    fn decisions_are_the_same_with_and_without_their_explanation() {
        let corpus = Corpus::new();
        let mut outcomes: BTreeMap<Decision, usize> = BTreeMap::new();
        for (tier, seed, most) in [(Tier::S, 1, 300), (Tier::S, 2, 300), (Tier::M, 3, 100)] {
            let organization = Organization::generate(&corpus, &Settings::new(tier, seed));
            let mut cloud = organization.build().unwrap();
            for request in organization.requests(&corpus, most) {
                let caller = organization.caller(&mut cloud, &request).unwrap();
                let snapshot = cloud.snapshot();
                let bare = || snapshot.request(&caller, &request.action, &request.resource);
                for asked in [
                    request.ask(&snapshot, &caller),
                    request.ask(&snapshot, &caller).unknown("aws:SecureTransport").absent("aws:SourceIp"),
                    bare(),
                    bare().complete(),
                    bare().tag("team", "a").absent_prefix("s3:"),
                    bare().unknown("aws:PrincipalOrgID").context("aws:SourceVpce", "vpce-1"),
                ] {
                    let explained = asked.clone().explain().unwrap();
                    assert_eq!(asked.authorize().unwrap(), explained.decision(), "{explained}");
                    *outcomes.entry(explained.decision()).or_default() += 1;
                }
            }
        }
        assert!(outcomes.len() == 4 && outcomes.values().all(|count| *count >= 50), "{outcomes:?}");
    }

    #[test]
    fn a_world_is_built_and_requests_mostly_come_out_as_they_were_drawn() {
        let corpus = Corpus::new();
        let organization = Organization::generate(&corpus, &Settings::new(Tier::M, 1));
        let mut cloud = organization.build().unwrap();
        let requests = organization.requests(&corpus, 400);
        assert!(requests.len() >= 390, "{}", requests.len());
        let mut outcomes: BTreeMap<(RequestKind, &str), usize> = BTreeMap::new();
        for request in &requests {
            let caller = organization.caller(&mut cloud, request).unwrap();
            let decision = request.ask(&cloud.snapshot(), &caller).authorize().unwrap();
            *outcomes.entry((request.kind, decision.as_str())).or_default() += 1;
        }
        let share = |kind: RequestKind, decision: Decision| {
            let all: usize = outcomes.iter().filter(|((of, _), _)| *of == kind).map(|(_, count)| count).sum();
            outcomes.get(&(kind, decision.as_str())).copied().unwrap_or_default() * 100 / all.max(1)
        };
        assert!(share(RequestKind::Exact, Decision::Allow) >= 80, "{outcomes:?}");
        assert!(share(RequestKind::Wildcard, Decision::Allow) >= 80, "{outcomes:?}");
        assert!(share(RequestKind::Implicit, Decision::ImplicitDeny) >= 80, "{outcomes:?}");
        assert!(share(RequestKind::Explicit, Decision::ExplicitDeny) >= 80, "{outcomes:?}");
        assert!(share(RequestKind::MissingKey, Decision::Allow) <= 50, "{outcomes:?}");
    }
}
