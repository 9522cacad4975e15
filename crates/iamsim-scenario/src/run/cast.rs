//! Who can call at a moment: users, the sessions that steps have opened, sessions nobody had to open.

use std::collections::BTreeMap;

use iamsim::{Caller, Cloud, ConsoleSession, Error};

use crate::file::Behalf;
use crate::judge::Came;
use crate::names::{Entity, Kind, Who};

/// The callers of a story.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cast {
    sessions: BTreeMap<String, Known>,
    /// The last caller each user was: credentials outlive the user they belong to.
    users: BTreeMap<String, Caller>,
}

/// A session that a step has opened.
#[derive(Clone, Debug)]
pub(crate) enum Known {
    Session(Caller),
    Console(ConsoleSession),
}

impl Known {
    pub(crate) fn caller(&self) -> &Caller {
        match self {
            Self::Session(caller) => caller,
            Self::Console(session) => session.caller(),
        }
    }
}

impl Cast {
    pub(crate) fn session(&self, name: &str) -> Option<&Known> {
        self.sessions.get(name)
    }

    pub(crate) fn sessions(&self) -> impl Iterator<Item = (&str, &Known)> {
        self.sessions.iter().map(|(name, known)| (name.as_str(), known))
    }

    pub(crate) fn opened(&mut self, name: &str, session: Known) {
        self.sessions.insert(name.to_owned(), session);
    }

    /// The caller behind a reference, or why there is none.
    pub(crate) fn caller(&mut self, cloud: &mut Cloud, who: &Who, behalf: &Behalf) -> Result<Caller, Came> {
        let caller = match who {
            Who::Known(name) => match self.sessions.get(name) {
                Some(known) => known.caller().clone(),
                None => return Err(Came::Impossible(format!("no step has opened the session `{name}`"))),
            },
            Who::User(entity) => self.user(cloud, entity)?,
            Who::Root(account) => cloud.account(&account.to_string()).map(|account| account.root())?,
            Who::SessionOf { role, session } => {
                let mut account = cloud.account(&role.account.to_string())?;
                account.role(&role.name)?.session(session)?
            }
            Who::Service(name) => Caller::service(name),
            Who::Anonymous => Caller::anonymous(),
        };
        on_behalf(caller, behalf)
    }

    fn user(&mut self, cloud: &mut Cloud, entity: &Entity) -> Result<Caller, Came> {
        self.remember(cloud, entity);
        match self.users.get(&entity.arn("")) {
            Some(caller) => Ok(caller.clone()),
            None => Err(Came::Impossible(format!("there is no user `{}` at this moment", entity.name))),
        }
    }

    /// Keeps the credentials of a user, if the user is there.
    pub(crate) fn remember(&mut self, cloud: &mut Cloud, entity: &Entity) {
        if entity.kind == Kind::User
            && let Ok(mut account) = cloud.account(&entity.account.to_string())
            && let Ok(user) = account.user(&entity.name)
        {
            self.users.insert(entity.arn(""), user.caller());
        }
    }
}

fn on_behalf(mut caller: Caller, behalf: &Behalf) -> Result<Caller, Came> {
    if let Some(arn) = &behalf.source_arn {
        caller = caller.on_behalf_of(arn).map_err(Error::from)?;
    }
    if let Some(account) = &behalf.source_account {
        caller = caller.source_account(account).map_err(Error::from)?;
    }
    Ok(caller)
}
