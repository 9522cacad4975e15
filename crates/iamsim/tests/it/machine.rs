//! Random sequences of control-plane calls, assumptions, clock moves and questions, against a reference model
//! that is simple enough to be believed: names and numbers in maps, and every answer predicted.
//!
//! It holds that nothing panics, quotas hold, nothing refers to what is gone, a deleted principal never matches
//! again, and an expired session never acts.

#![expect(clippy::indexing_slicing, reason = "indices are drawn from the tables they point into")]

use std::collections::{BTreeMap, BTreeSet};

use iamsim::{AssumeRole, Caller, Cloud, Decision, Quota, Result, RoleArn, TimeDelta};
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::{AWAY, HOME, allow, trusting};

const ACCOUNTS: [&str; 2] = [HOME, AWAY];
/// The last one lets assume.
const ACTIONS: [&str; 3] = ["s3:ListAllMyBuckets", "ec2:DescribeInstances", "sts:AssumeRole"];
/// How many managed policies a user or role may have in this world.
const MOST_POLICIES: usize = 2;
/// How many access keys a user may have (QUO-08).
const MOST_KEYS: usize = 2;
/// What the group of each account lets its members do.
const GROUP_ACTION: usize = 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    User,
    Role,
}

/// An identity by account, kind and name.
type Name = (usize, Kind, usize);

#[derive(Clone, Debug)]
enum Op {
    Add(Name, Trust),
    Delete(Name),
    Retrust(Name, Trust),
    AddPolicy(usize, usize, usize),
    DeletePolicy(usize, usize),
    Attach(Name, usize),
    Detach(Name, usize),
    PutInline(Name, usize, usize),
    DeleteInline(Name, usize),
    Join(Name),
    Leave(Name),
    AddKey(Name),
    SwitchKey(usize, bool),
    DropKey(usize),
    Advance(i64),
    Assume(usize, Name, i64),
    Ask(usize, usize),
}

/// Whom a role trusts.
#[derive(Clone, Copy, Debug)]
enum Trust {
    Account(usize),
    User(usize, usize),
}

fn name() -> impl Strategy<Value = Name> {
    (0..2_usize, select(vec![Kind::User, Kind::Role]), 0..2_usize)
}

fn trust() -> impl Strategy<Value = Trust> {
    prop_oneof![
        (0..2_usize).prop_map(Trust::Account),
        (0..2_usize, 0..2_usize).prop_map(|(account, user)| Trust::User(account, user)),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let role = || (0..2_usize, 0..2_usize).prop_map(|(account, role)| (account, Kind::Role, role));
    let user = || (0..2_usize, 0..2_usize).prop_map(|(account, user)| (account, Kind::User, user));
    prop_oneof![
        4 => (name(), trust()).prop_map(|(name, trust)| Op::Add(name, trust)),
        1 => name().prop_map(Op::Delete),
        1 => (role(), trust()).prop_map(|(name, trust)| Op::Retrust(name, trust)),
        2 => (0..2_usize, 0..3_usize, 0..3_usize).prop_map(|(a, p, action)| Op::AddPolicy(a, p, action)),
        1 => (0..2_usize, 0..3_usize).prop_map(|(account, policy)| Op::DeletePolicy(account, policy)),
        3 => (name(), 0..3_usize).prop_map(|(name, policy)| Op::Attach(name, policy)),
        1 => (name(), 0..3_usize).prop_map(|(name, policy)| Op::Detach(name, policy)),
        3 => (name(), 0..2_usize, 0..3_usize).prop_map(|(name, inline, action)| Op::PutInline(name, inline, action)),
        1 => (name(), 0..2_usize).prop_map(|(name, inline)| Op::DeleteInline(name, inline)),
        2 => user().prop_map(Op::Join),
        1 => user().prop_map(Op::Leave),
        3 => user().prop_map(Op::AddKey),
        1 => (any::<usize>(), any::<bool>()).prop_map(|(key, active)| Op::SwitchKey(key, active)),
        1 => any::<usize>().prop_map(Op::DropKey),
        // Multiples, so that sessions are met at the instant they end.
        2 => select(vec![15, 30]).prop_map(Op::Advance),
        4 => (any::<usize>(), role(), select(vec![15, 30, 60, 75])).prop_map(|(who, role, minutes)| Op::Assume(who, role, minutes)),
        6 => (any::<usize>(), 0..3_usize).prop_map(|(who, action)| Op::Ask(who, action)),
    ]
}

#[derive(Clone, Debug, Default)]
struct Identity {
    /// Never used twice.
    id: u64,
    in_group: bool,
    attached: BTreeSet<usize>,
    inline: BTreeMap<usize, usize>,
    /// Of a role: an account, or the number of a user that existed when the trust policy was written.
    trusts: Option<Trusted>,
}

#[derive(Clone, Copy, Debug)]
enum Trusted {
    Account(usize),
    User(u64),
}

/// An access key that was made at some time: whose, what AWS calls it, and whether it is active; none once it is
/// deleted.
#[derive(Clone, Debug)]
struct Key {
    user: Name,
    owner: u64,
    id: String,
    active: Option<bool>,
}

/// Somebody who can ask: a user, one of its access keys, or a session of a role that ends.
#[derive(Clone, Debug)]
struct Asker {
    caller: Caller,
    account: usize,
    id: u64,
    /// The number of the access key.
    key: Option<usize>,
    ends: Option<i64>,
}

#[derive(Default)]
struct Reference {
    next: u64,
    now: i64,
    identities: BTreeMap<Name, Identity>,
    /// The action each managed policy allows.
    policies: BTreeMap<(usize, usize), usize>,
    keys: Vec<Key>,
    askers: Vec<Asker>,
}

impl Reference {
    /// How many keys a user has, inactive ones included.
    fn keys_of(&self, id: u64) -> usize {
        self.keys.iter().filter(|key| key.owner == id && key.active.is_some()).count()
    }

    fn by_id(&self, id: u64) -> Option<(&Name, &Identity)> {
        self.identities.iter().find(|(_, identity)| identity.id == id)
    }

    fn allows(&self, asker: &Asker, action: usize) -> bool {
        let Some(((account, _, _), identity)) = self.by_id(asker.id) else { return false };
        (identity.in_group && action == GROUP_ACTION)
            || identity.inline.values().any(|own| *own == action)
            || identity.attached.iter().any(|policy| self.policies.get(&(*account, *policy)) == Some(&action))
    }

    /// The code with which credentials are refused, if they are.
    fn refused(&self, asker: &Asker) -> Option<&'static str> {
        if asker.ends.is_some_and(|ends| self.now >= ends) {
            return Some("ExpiredToken");
        }
        let usable = asker.key.is_none_or(|key| self.keys[key].active == Some(true));
        (!usable || self.by_id(asker.id).is_none()).then_some("InvalidClientTokenId")
    }

    fn trusted(&self, trust: Trust) -> std::result::Result<Trusted, &'static str> {
        match trust {
            Trust::Account(account) => Ok(Trusted::Account(account)),
            Trust::User(account, user) => match self.identities.get(&(account, Kind::User, user)) {
                Some(identity) => Ok(Trusted::User(identity.id)),
                None => Err("MalformedPolicyDocument"),
            },
        }
    }
}

fn text_of(trust: Trust) -> String {
    match trust {
        Trust::Account(account) => trusting(ACCOUNTS[account]),
        Trust::User(account, user) => trusting(&format!("arn:aws:iam::{}:user/u{user}", ACCOUNTS[account])),
    }
}

fn policy_arn(account: usize, policy: usize) -> String {
    format!("arn:aws:iam::{}:policy/p{policy}", ACCOUNTS[account])
}

fn role_arn(account: usize, role: usize) -> RoleArn {
    format!("arn:aws:iam::{}:role/r{role}", ACCOUNTS[account]).parse().unwrap()
}

/// Does one thing to a user or a role.
macro_rules! edit {
    ($cloud:expr, $name:expr, |$identity:ident| $edit:expr) => {{
        let (account, kind, index) = $name;
        let mut account = $cloud.account(ACCOUNTS[account])?;
        match kind {
            Kind::User => account.user(&format!("u{index}")).and_then(|$identity| $edit.map(drop)),
            Kind::Role => account.role(&format!("r{index}")).and_then(|$identity| $edit.map(drop)),
        }
    }};
}

/// Carries an operation out on the cloud.
fn carry_out(cloud: &mut Cloud, reference: &Reference, op: &Op) -> Result<Option<Caller>> {
    match op {
        Op::Add((account, Kind::User, user), _) => {
            return Ok(Some(cloud.account(ACCOUNTS[*account])?.add_user(&format!("u{user}"))?.caller()));
        }
        Op::Add((account, Kind::Role, role), trust) => {
            cloud.account(ACCOUNTS[*account])?.add_role(&format!("r{role}"), text_of(*trust))?;
        }
        Op::Delete(name) => edit!(cloud, *name, |identity| identity.delete())?,
        Op::Retrust((account, _, role), trust) => {
            cloud.account(ACCOUNTS[*account])?.role(&format!("r{role}"))?.trust(text_of(*trust))?;
        }
        Op::AddPolicy(account, policy, action) => {
            let document = allow(ACTIONS[*action], "*");
            cloud.account(ACCOUNTS[*account])?.add_policy(&format!("p{policy}"), document)?;
        }
        Op::DeletePolicy(account, policy) => {
            cloud.account(ACCOUNTS[*account])?.policy(&format!("p{policy}"))?.delete()?;
        }
        Op::Attach(name, policy) => {
            edit!(cloud, *name, |identity| identity.attach_policy(&policy_arn(name.0, *policy)))?;
        }
        Op::Detach(name, policy) => {
            edit!(cloud, *name, |identity| identity.detach_policy(&policy_arn(name.0, *policy)))?;
        }
        Op::PutInline(name, inline, action) => {
            let document = allow(ACTIONS[*action], "*");
            edit!(cloud, *name, |identity| identity.attach(&format!("i{inline}"), document))?;
        }
        Op::DeleteInline(name, inline) => {
            edit!(cloud, *name, |identity| identity.detach(&format!("i{inline}")))?;
        }
        Op::Join((account, _, user)) => {
            cloud.account(ACCOUNTS[*account])?.user(&format!("u{user}"))?.join("g")?;
        }
        Op::Leave((account, _, user)) => {
            cloud.account(ACCOUNTS[*account])?.user(&format!("u{user}"))?.leave("g")?;
        }
        Op::AddKey((account, _, user)) => {
            let key = cloud.account(ACCOUNTS[*account])?.user(&format!("u{user}"))?.access_key()?;
            return Ok(Some(key.caller().clone()));
        }
        Op::SwitchKey(which, active) => {
            let Key { user: (account, _, user), id, .. } = &reference.keys[which % reference.keys.len()];
            let mut account = cloud.account(ACCOUNTS[*account])?;
            let user = account.user(&format!("u{user}"))?;
            if *active {
                user.activate_access_key(id)?
            } else {
                user.deactivate_access_key(id)?
            };
        }
        Op::DropKey(which) => {
            let Key { user: (account, _, user), id, .. } = &reference.keys[which % reference.keys.len()];
            cloud.account(ACCOUNTS[*account])?.user(&format!("u{user}"))?.delete_access_key(id)?;
        }
        Op::Advance(minutes) => cloud.clock().advance(TimeDelta::minutes(*minutes)),
        Op::Assume(who, (account, _, role), minutes) => {
            let who = &reference.askers[who % reference.askers.len()].caller;
            let call =
                AssumeRole::new(&role_arn(*account, *role), "session").duration(TimeDelta::minutes(*minutes));
            return Ok(Some(cloud.sts().assume_role(who, call)?.caller().clone()));
        }
        Op::Ask(..) => {}
    }
    Ok(None)
}

/// Carries it out on the reference: the code it must be refused with, if it must.
fn predict(reference: &mut Reference, op: &Op) -> std::result::Result<(), &'static str> {
    let missing = "NoSuchEntity";
    match op {
        Op::Add(name, trust) => {
            let trusts = match name.1 {
                Kind::User => None,
                Kind::Role => Some(reference.trusted(*trust)?),
            };
            if reference.identities.contains_key(name) {
                return Err("EntityAlreadyExists");
            }
            reference.next += 1;
            let identity = Identity { id: reference.next, trusts, ..Identity::default() };
            reference.identities.insert(*name, identity);
        }
        Op::Delete(name) => {
            let identity = reference.identities.get(name).ok_or(missing)?;
            let keys = reference.keys_of(identity.id);
            if !identity.attached.is_empty() || !identity.inline.is_empty() || identity.in_group || keys > 0 {
                return Err("DeleteConflict");
            }
            reference.identities.remove(name);
        }
        Op::Retrust(name, trust) => {
            reference.identities.get(name).ok_or(missing)?;
            let trusts = reference.trusted(*trust)?;
            reference.identities.get_mut(name).ok_or(missing)?.trusts = Some(trusts);
        }
        Op::AddPolicy(account, policy, action) => {
            if reference.policies.contains_key(&(*account, *policy)) {
                return Err("EntityAlreadyExists");
            }
            reference.policies.insert((*account, *policy), *action);
        }
        Op::DeletePolicy(account, policy) => {
            reference.policies.get(&(*account, *policy)).ok_or(missing)?;
            let attached = |(name, identity): (&Name, &Identity)| {
                name.0 == *account && identity.attached.contains(policy)
            };
            if reference.identities.iter().any(attached) {
                return Err("DeleteConflict");
            }
            reference.policies.remove(&(*account, *policy));
        }
        Op::Attach(name, policy) => {
            let identity = reference.identities.get_mut(name).ok_or(missing)?;
            reference.policies.get(&(name.0, *policy)).ok_or(missing)?;
            if !identity.attached.contains(policy) && identity.attached.len() == MOST_POLICIES {
                return Err("LimitExceeded");
            }
            identity.attached.insert(*policy);
        }
        Op::Detach(name, policy) => {
            let identity = reference.identities.get_mut(name).ok_or(missing)?;
            if !identity.attached.remove(policy) {
                return Err(missing);
            }
        }
        Op::PutInline(name, inline, action) => {
            reference.identities.get_mut(name).ok_or(missing)?.inline.insert(*inline, *action);
        }
        Op::DeleteInline(name, inline) => {
            let identity = reference.identities.get_mut(name).ok_or(missing)?;
            identity.inline.remove(inline).ok_or(missing)?;
        }
        Op::Join(name) => reference.identities.get_mut(name).ok_or(missing)?.in_group = true,
        Op::Leave(name) => reference.identities.get_mut(name).ok_or(missing)?.in_group = false,
        Op::AddKey(_) | Op::SwitchKey(..) | Op::DropKey(_) => return predict_key(reference, op),
        Op::Advance(minutes) => reference.now += minutes,
        Op::Assume(who, role, minutes) => {
            let who = &reference.askers[who % reference.askers.len()];
            if let Some(code) = reference.refused(who) {
                return Err(code);
            }
            let denied = "AccessDenied";
            let target = reference.identities.get(role).ok_or(denied)?;
            let own_side = reference.allows(who, 2);
            let same = who.account == role.0;
            let trusted = match target.trusts.ok_or(denied)? {
                Trusted::Account(account) => account == who.account && own_side,
                Trusted::User(id) => id == who.id && who.ends.is_none() && (same || own_side),
            };
            if !trusted {
                return Err(denied);
            }
            if *minutes > 60 {
                return Err("ValidationError"); // over the role's hour, chained or not
            }
        }
        Op::Ask(..) => {}
    }
    Ok(())
}

/// What becomes of access keys.
fn predict_key(reference: &mut Reference, op: &Op) -> std::result::Result<(), &'static str> {
    let missing = "NoSuchEntity";
    match op {
        Op::AddKey(name) => {
            let owner = reference.identities.get(name).ok_or(missing)?.id;
            if reference.keys_of(owner) == MOST_KEYS {
                return Err("LimitExceeded");
            }
            reference.keys.push(Key { user: *name, owner, id: String::new(), active: Some(true) });
        }
        Op::SwitchKey(which, _) | Op::DropKey(which) => {
            let index = which % reference.keys.len();
            let key = &mut reference.keys[index];
            // The name may be another user's by now: a key is found by its own id.
            reference.identities.get(&key.user).ok_or(missing)?;
            let state = key.active.as_mut().ok_or(missing)?;
            match op {
                Op::SwitchKey(_, active) => *state = *active,
                _ => key.active = None,
            }
        }
        _ => {}
    }
    Ok(())
}

fn check_question(cloud: &Cloud, reference: &Reference, asker: &Asker, action: usize) {
    let found = cloud.authorize(&asker.caller, ACTIONS[action], "*");
    match (reference.refused(asker), found) {
        (Some(code), found) => assert_eq!(found.unwrap_err().code(), code, "{asker:?}"),
        (None, found) => {
            let expected =
                if reference.allows(asker, action) { Decision::Allow } else { Decision::ImplicitDeny };
            assert_eq!(found.unwrap(), expected, "{asker:?} for {}", ACTIONS[action]);
        }
    }
}

/// Nothing refers to what is gone, and no quota is exceeded.
fn check_invariants(cloud: &mut Cloud, reference: &Reference) {
    for (account, kind, index) in reference.identities.keys() {
        let mut account = cloud.account(ACCOUNTS[*account]).unwrap();
        let attached = match kind {
            Kind::User => account.user(&format!("u{index}")).unwrap().attached_policies(),
            Kind::Role => account.role(&format!("r{index}")).unwrap().attached_policies(),
        };
        assert!(attached.len() <= MOST_POLICIES);
        if *kind == Kind::User {
            assert!(account.user(&format!("u{index}")).unwrap().access_keys().len() <= MOST_KEYS);
        }
        for arn in attached {
            account.policy(&arn).unwrap();
        }
        if *kind == Kind::Role {
            // A trust policy names an account, a user that lives, or a dead id.
            let text = account.role(&format!("r{index}")).unwrap().trust_text();
            for (account, user) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                let lives = reference.identities.contains_key(&(account, Kind::User, user));
                let arn = format!("arn:aws:iam::{}:user/u{user}", ACCOUNTS[account]);
                assert!(lives || !text.contains(&arn), "{text} names {arn}, which is gone");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_cloud_does_what_a_simple_model_predicts(ops in prop::collection::vec(op(), 1..60)) {
        let mut cloud = Cloud::new();
        for account in ACCOUNTS {
            let mut account = cloud.account(account).unwrap();
            account.quota(Quota::PoliciesPerUser, 2).unwrap().quota(Quota::PoliciesPerRole, 2).unwrap();
            account.add_group("g").unwrap().attach("group", allow(ACTIONS[GROUP_ACTION], "*")).unwrap();
        }
        let mut reference = Reference::default();
        for op in &ops {
            let needs_asker = matches!(op, Op::Assume(..) | Op::Ask(..));
            if needs_asker && reference.askers.is_empty() {
                continue;
            }
            if matches!(op, Op::SwitchKey(..) | Op::DropKey(..)) && reference.keys.is_empty() {
                continue;
            }
            if let Op::Ask(who, action) = op {
                let asker = &reference.askers[who % reference.askers.len()];
                check_question(&cloud, &reference, asker, *action);
                continue;
            }
            let found = carry_out(&mut cloud, &reference, op);
            let predicted = predict(&mut reference, op);
            match (found, predicted) {
                (Ok(caller), Ok(())) => match (op, caller) {
                    (Op::Add(name, _), Some(caller)) => {
                        let id = reference.next;
                        reference.askers.push(Asker { caller, account: name.0, id, key: None, ends: None });
                    }
                    (Op::AddKey(name), Some(caller)) => {
                        let number = reference.keys.len() - 1;
                        reference.keys[number].id = caller.access_key().unwrap().to_owned();
                        let (id, key) = (reference.keys[number].owner, Some(number));
                        reference.askers.push(Asker { caller, account: name.0, id, key, ends: None });
                    }
                    (Op::Assume(_, name, minutes), Some(caller)) => {
                        let id = reference.identities[name].id;
                        let ends = Some(reference.now + minutes);
                        reference.askers.push(Asker { caller, account: name.0, id, key: None, ends });
                    }
                    _ => {}
                },
                (Err(error), Err(code)) => prop_assert_eq!(error.code(), code, "{:?}: {:?}", op, error),
                (found, predicted) => prop_assert!(false, "{op:?}: found {found:?}, predicted {predicted:?}"),
            }
            check_invariants(&mut cloud, &reference);
        }
        // At the end everybody who ever was asks everything.
        for asker in &reference.askers {
            for action in 0..ACTIONS.len() {
                check_question(&cloud, &reference, asker, action);
            }
        }
    }
}
