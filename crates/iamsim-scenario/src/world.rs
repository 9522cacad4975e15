//! The world of a file alone, for questions that no step asks.

use iamsim::{Caller, Cloud, RequestBuilder};
use iamsim_policy::{Action, Arn, Source, Span};

use crate::build;
use crate::file::{Behalf, Circumstances, File};
use crate::finding::{Code, Finding};
use crate::names::{Entity, Kind, Names, Unresolved, Who};
use crate::policies::PolicyText;
use crate::read;
use crate::reader::Loader;
use crate::run::{self, Cast, with_circumstances};
use crate::steps::matching;

/// The world of a scenario or world file, with the names the file gives to things.
///
/// ```
/// use iamsim_scenario::{Source, World, no_files};
///
/// let text = r#"{
///   "world": "One developer",
///   "names": { "checkout": "arn:aws:lambda:eu-west-1:111122223333:function:checkout" },
///   "accounts": { "111122223333": { "users": { "dev": { "policies": { "developer": {
///     "Version": "2012-10-17",
///     "Statement": { "Effect": "Allow", "Action": "lambda:Invoke*", "Resource": "*" } } } } } } }
/// }"#;
/// let world = World::read(&Source::new("world.json", text), &mut no_files).unwrap();
/// let dev = world.caller("dev").unwrap();
/// let checkout = world.resource("checkout").unwrap();
/// world.cloud().assert_allows(&dev, "lambda:InvokeFunction", &checkout);
/// assert_eq!(world.caller("div").unwrap_err().help(), Some("did you mean `dev`?"));
/// ```
#[derive(Clone, Debug)]
pub struct World {
    file: File,
    cloud: Cloud,
    cast: Cast,
}

impl World {
    /// Reads a scenario or a world file, and builds its world as it is before any step.
    ///
    /// # Errors
    ///
    /// Every finding of the file, and what AWS would refuse of the world.
    pub fn read(source: &Source, load: &mut Loader<'_>) -> Result<Self, Vec<Finding>> {
        let (_, file) = read::read(source, load)?;
        Self::before(file)
    }

    pub(crate) fn before(file: File) -> Result<Self, Vec<Finding>> {
        let cloud = build::build(&file)?;
        Ok(Self { file, cloud, cast: Cast::default() })
    }

    pub(crate) fn after(file: File) -> Result<Self, Vec<Finding>> {
        let (cloud, cast) = run::after(&file)?;
        Ok(Self { file, cloud, cast })
    }

    /// The file's title.
    pub fn title(&self) -> &str {
        &self.file.title
    }

    /// The accounts and everything in them.
    pub fn cloud(&self) -> &Cloud {
        &self.cloud
    }

    /// Only the accounts and everything in them.
    pub fn into_cloud(self) -> Cloud {
        self.cloud
    }

    /// Every text that was read, the file's own first.
    pub fn sources(&self) -> &[Source] {
        &self.file.sources
    }

    /// Every policy that stands in those texts.
    pub fn policies(&self) -> &[PolicyText] {
        &self.file.policies
    }

    /// Findings that leave the file usable.
    pub fn warnings(&self) -> &[Finding] {
        &self.file.warnings
    }

    /// A caller by any of the forms that `as` takes in a step: `dev`, `acme:dev`, `deployer/session`,
    /// `acme:root`, `lambda.amazonaws.com`, `anonymous`.
    ///
    /// # Errors
    ///
    /// A finding without a text, and with the nearest name.
    pub fn caller(&self, written: &str) -> Result<Caller, Finding> {
        let who = self.names().who(written, usize::MAX).map_err(|unresolved| wrong(written, unresolved))?;
        self.known(written, &who)
    }

    /// A resource by any of the forms that `on` takes in a step: an ARN, `*`, a short name, `role/name`.
    ///
    /// # Errors
    ///
    /// A finding without a text, and with the nearest name.
    pub fn resource(&self, written: &str) -> Result<String, Finding> {
        let arn = self.names().resource(written).map_err(|unresolved| wrong(written, unresolved))?;
        if arn != "*" && arn.parse::<Arn>().is_err() {
            let finding = not_usable(written, Code::InvalidArn, format!("`{arn}` is not an ARN"));
            return Err(finding.with_help("an ARN is `arn:partition:service:region:account:resource`"));
        }
        Ok(arn)
    }

    /// The actions that an action or a pattern such as `s3:Get*` names.
    ///
    /// # Errors
    ///
    /// A finding without a text, where there is no such action.
    pub fn actions(&self, written: &str) -> Result<Vec<String>, Finding> {
        let actions: Vec<String> = if written.contains(['*', '?']) {
            matching(written).map(|action| action.to_string()).collect()
        } else {
            written.parse::<Action>().map(|action| action.as_str().to_owned()).into_iter().collect()
        };
        if actions.is_empty() {
            let finding =
                not_usable(written, Code::InvalidAction, format!("no action is called `{written}`"));
            return Err(finding.with_help("an action is `service:Name`, a pattern `service:Get*`"));
        }
        Ok(actions)
    }

    /// Everyone who can call: users, the sessions that steps have opened, a session of each role, and the
    /// root users. Each with the name that [`caller`](Self::caller) knows it by.
    pub fn callers(&self) -> Vec<(String, Caller)> {
        let names = self.names();
        let mut callers = Vec::new();
        let is_alone =
            |entity: &Entity| names.entity(&entity.name, &[entity.kind]).is_ok_and(|found| found == *entity);
        let qualified = |entity: &Entity| {
            let bare = if entity.kind == Kind::Role { "role/" } else { "" };
            match is_alone(entity) {
                true => entity.name.clone(),
                false if entity.kind == Kind::Role => {
                    format!("{}:{}", names.shown(entity.account), entity.name)
                }
                false => format!("{}:{bare}{}", names.shown(entity.account), entity.name),
            }
        };
        let mut add = |name: String| {
            if let Ok(caller) = self.caller(&name) {
                callers.push((name, caller));
            }
        };
        for entity in names.entities() {
            match entity.kind {
                Kind::User => add(qualified(entity)),
                Kind::Role => add(format!("{}/session", qualified(entity))),
                Kind::Group | Kind::Policy => {}
            }
        }
        for account in names.account_ids() {
            add(format!("{}:root", names.shown(account)));
        }
        let known: Vec<String> = self.cast.sessions().map(|(name, _)| name.to_owned()).collect();
        known.into_iter().for_each(add);
        callers
    }

    /// The ARNs that the file speaks of: its resources, and what its short names stand for.
    pub fn resources(&self) -> Vec<String> {
        let mut arns: Vec<String> = self.names().resource_arns().map(str::to_owned).collect();
        arns.sort();
        arns.dedup();
        arns
    }

    /// A question with the file's `defaults`.
    pub fn request(&self, who: &Caller, action: &str, resource: &str) -> RequestBuilder {
        let request = self.cloud.request(who, action, resource);
        with_circumstances(request, &self.file.defaults, &Circumstances::default())
    }

    fn names(&self) -> &Names {
        &self.file.names
    }

    fn known(&self, written: &str, who: &Who) -> Result<Caller, Finding> {
        let (mut cloud, mut cast) = (self.cloud.clone(), self.cast.clone());
        cast.caller(&mut cloud, who, &Behalf::default()).map_err(|_| {
            let message = format!("`{written}` is not there at this moment");
            let finding = not_usable(written, Code::UnknownName, message);
            finding
                .with_help("before the first step there are no sessions, and only what the world describes")
        })
    }
}

/// What is wrong with a word that stands in no file.
fn not_usable(written: &str, code: Code, message: String) -> Finding {
    let end = u32::try_from(written.len()).unwrap_or(u32::MAX);
    Finding::error(&Source::new("", written), code, Span::new(0, end), message)
}

fn wrong(written: &str, unresolved: Unresolved) -> Finding {
    let Unresolved { code, message, help } = unresolved;
    not_usable(written, code, message).with_help(help)
}
