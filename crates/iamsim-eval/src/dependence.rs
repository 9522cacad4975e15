//! Which of the unknown parts an undetermined answer waits for.
//!
//! A part is waited for when there are values of the other unknown parts for which it makes a difference.
//! That is found by deciding all their combinations, sixty-four at a time, with the one formula.

use crate::combine::{Effects, Grants, Logic, Verdicts};
use crate::decide::{Facts, Inputs, Stand};
use crate::truth::Truth;

/// A part of the formula that can be unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    ServiceControlAllow,
    ServiceControlDeny,
    ResourceControlDeny,
    EndpointAllow,
    EndpointDeny,
    IdentityAllow,
    IdentityDeny,
    BoundaryAllow,
    BoundaryDeny,
    SessionAllow,
    SessionDeny,
    ResourceDeny,
    Delegating,
    Limited,
    Strong,
    NamedSession,
    NeedsOwnSide,
    Refused,
    Linked,
    Foreign,
}

const PARTS: [Part; 20] = [
    Part::ServiceControlAllow,
    Part::ServiceControlDeny,
    Part::ResourceControlDeny,
    Part::EndpointAllow,
    Part::EndpointDeny,
    Part::IdentityAllow,
    Part::IdentityDeny,
    Part::BoundaryAllow,
    Part::BoundaryDeny,
    Part::SessionAllow,
    Part::SessionDeny,
    Part::ResourceDeny,
    Part::Delegating,
    Part::Limited,
    Part::Strong,
    Part::NamedSession,
    Part::NeedsOwnSide,
    Part::Refused,
    Part::Linked,
    Part::Foreign,
];

impl<T> Inputs<T> {
    fn part(&mut self, part: Part) -> &mut T {
        let Self { verdicts, facts } = self;
        match part {
            Part::ServiceControlAllow => &mut verdicts.scp.allow,
            Part::ServiceControlDeny => &mut verdicts.scp.deny,
            Part::ResourceControlDeny => &mut verdicts.rcp.deny,
            Part::EndpointAllow => &mut verdicts.endpoint.allow,
            Part::EndpointDeny => &mut verdicts.endpoint.deny,
            Part::IdentityAllow => &mut verdicts.identity.allow,
            Part::IdentityDeny => &mut verdicts.identity.deny,
            Part::BoundaryAllow => &mut verdicts.boundary.allow,
            Part::BoundaryDeny => &mut verdicts.boundary.deny,
            Part::SessionAllow => &mut verdicts.session.allow,
            Part::SessionDeny => &mut verdicts.session.deny,
            Part::ResourceDeny => &mut verdicts.resource_deny,
            Part::Delegating => &mut verdicts.grants.delegating,
            Part::Limited => &mut verdicts.grants.limited,
            Part::Strong => &mut verdicts.grants.strong,
            Part::NamedSession => &mut verdicts.grants.session,
            Part::NeedsOwnSide => &mut verdicts.needs_own_side,
            Part::Refused => &mut facts.refused,
            Part::Linked => &mut facts.linked,
            Part::Foreign => &mut facts.foreign,
        }
    }
}

/// The parts an answer waits for.
pub(crate) struct Awaited(Vec<Part>);

impl Awaited {
    /// Whether the answer waits for a part.
    pub(crate) fn contains(&self, part: Part) -> bool {
        self.0.contains(&part)
    }
}

/// How many combinations one word holds, as a power of two.
const WORD: usize = 6;
/// For each of the first six unknown parts, the combinations in which it is true.
const PATTERNS: [u64; WORD] = [
    0xaaaa_aaaa_aaaa_aaaa,
    0xcccc_cccc_cccc_cccc,
    0xf0f0_f0f0_f0f0_f0f0,
    0xff00_ff00_ff00_ff00,
    0xffff_0000_ffff_0000,
    0xffff_ffff_0000_0000,
];

/// The parts that the decision over `inputs` waits for.
pub(crate) fn awaited(inputs: &Inputs<Truth>, stand: Stand) -> Awaited {
    let mut inputs = *inputs;
    let unknown: Vec<Part> = PARTS.into_iter().filter(|part| inputs.part(*part).is_unknown()).collect();
    // With every word, one block of 64 combinations; the parts beyond the sixth count the blocks.
    let blocks = 1_usize << unknown.len().saturating_sub(WORD);
    let decided: Vec<(u64, u64)> = (0..blocks)
        .map(|block| {
            let mut words = words_of(&mut inputs);
            for (index, part) in unknown.iter().enumerate() {
                *words.part(*part) = match PATTERNS.get(index) {
                    Some(pattern) => *pattern,
                    None if block >> (index - WORD) & 1 == 1 => u64::TRUE,
                    None => u64::FALSE,
                };
            }
            let outcome = words.outcome(stand);
            (outcome.allow, outcome.explicit_deny)
        })
        .collect();
    let makes_a_difference = |index: usize| {
        let differs = |(allow, deny): (u64, u64), (other_allow, other_deny): (u64, u64)| {
            (allow ^ other_allow) | (deny ^ other_deny)
        };
        match PATTERNS.get(index) {
            Some(pattern) => decided.iter().any(|(allow, deny)| {
                let shift = 1_u32 << index;
                differs((*allow, *deny), (allow << shift, deny << shift)) & pattern != 0
            }),
            None => decided.iter().enumerate().any(|(block, with)| {
                let other = block & !(1 << (index - WORD));
                decided.get(other).is_some_and(|without| differs(*with, *without) != 0)
            }),
        }
    };
    let awaited = unknown.iter().enumerate().filter(|(index, _)| makes_a_difference(*index));
    Awaited(awaited.map(|(_, part)| *part).collect())
}

/// The known parts as words.
fn words_of(inputs: &mut Inputs<Truth>) -> Inputs<u64> {
    let silent = Effects::SILENT;
    let mut words = Inputs {
        verdicts: Verdicts {
            scp: silent,
            rcp: Effects::UNLIMITED,
            endpoint: silent,
            identity: silent,
            boundary: silent,
            session: silent,
            resource_deny: u64::FALSE,
            grants: Grants::NONE,
            needs_own_side: u64::FALSE,
        },
        facts: Facts { refused: u64::FALSE, free: u64::FALSE, linked: u64::FALSE, foreign: u64::FALSE },
    };
    if inputs.facts.free.is_true() {
        words.facts.free = u64::TRUE;
    }
    for part in PARTS {
        if inputs.part(part).is_true() {
            *words.part(part) = u64::TRUE;
        }
    }
    words
}
