//! iamsim, and the lower bound beside it.

use std::sync::LazyLock;

use iamsim_benches::lower_bound::{Actions, Index, Prepared};
use iamsim_benches::{Asked, layers, letter};
use iamsim_eval::{Layers, Request, authorize};
use iamsim_policy::PolicyKind;

use crate::Engine;

pub(crate) struct Iamsim(Layers);

impl Engine for Iamsim {
    const NAME: &'static str = "iamsim";
    type Request = Request;

    fn load(texts: &[(PolicyKind, String)], _: &[Asked]) -> Result<Self, String> {
        Ok(Self(layers(texts).prepared()))
    }

    fn prepare(&self, asked: &Asked) -> Result<Request, String> {
        Ok(asked.request())
    }

    fn decide(&self, request: &Request) -> char {
        letter(authorize(&self.0, request))
    }
}

/// The actions that exist are known before any policy is: they are no part of loading one.
static ACTIONS: LazyLock<Actions> = LazyLock::new(Actions::of_catalog);

/// Reads them, so that nobody's time has it.
pub(crate) fn read_actions() {
    LazyLock::force(&ACTIONS);
}

pub(crate) struct LowerBound(Index);

impl Engine for LowerBound {
    const NAME: &'static str = "lower bound";
    type Request = Prepared;

    fn load(texts: &[(PolicyKind, String)], _: &[Asked]) -> Result<Self, String> {
        Ok(Self(Index::compile(&ACTIONS, texts.iter().map(|(_, text)| text.as_str()))))
    }

    fn prepare(&self, asked: &Asked) -> Result<Prepared, String> {
        Ok(asked.prepare(&ACTIONS, &self.0))
    }

    fn decide(&self, request: &Prepared) -> char {
        letter(self.0.decide(request))
    }
}
