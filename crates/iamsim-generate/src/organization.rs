//! An organization, thing by thing: each is drawn from its own stream, so that the same number is the same
//! thing in every size. Only the accounts things lie in follow from the size.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::corpus::{Corpus, Place, a_name, a_region};
use crate::document;
use crate::draw::Draw;
use crate::shape::{
    ARCHETYPES, Archetype, BOUNDARIES, DUPLICATES, JOB_FUNCTIONS, POPULAR_POLICIES, RESOURCE_POLICIES,
    RESOURCES_PER_ROLE, STAGES, Size, TAGS, TEAMS, TRUSTED_SERVICES, Tier,
};

/// A policy: its name, and its document as text. Documents that several share are one text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policy {
    /// Its name in the account.
    pub name: String,
    /// The document.
    pub text: Arc<str>,
}

/// A role.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Role {
    /// Its name, with its path: `service/payments-orders-prod-7`.
    pub name: String,
    /// What it is for.
    pub archetype: Archetype,
    /// Its trust policy.
    pub trust: Arc<str>,
    /// The repository a pipeline belongs to.
    pub repository: Option<String>,
    /// Its inline policies.
    pub inline: Vec<Policy>,
    /// ARNs of its managed policies.
    pub attached: Vec<String>,
    /// The ARN of its permissions boundary.
    pub boundary: Option<String>,
    /// Its tags.
    pub tags: Vec<(&'static str, String)>,
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct User {
    /// Its name.
    pub name: String,
    /// ARNs of its managed policies.
    pub attached: Vec<String>,
    /// The groups it is in.
    pub groups: Vec<String>,
}

/// A resource.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Resource {
    /// Its ARN.
    pub arn: String,
    /// Its own policy.
    pub policy: Option<Arc<str>>,
    /// Its team, as a tag.
    pub team: &'static str,
}

/// A member account.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Account {
    /// Twelve digits.
    pub id: String,
    /// The unit it lies in, by number.
    pub unit: usize,
    /// Customer managed policies; the first is the account's boundary.
    pub policies: Vec<Policy>,
    /// Names of groups, each with the ARNs of its managed policies.
    pub groups: Vec<(String, Vec<String>)>,
    /// Users.
    pub users: Vec<User>,
    /// Roles but for service-linked ones.
    pub roles: Vec<Role>,
    /// Services that have a linked role here.
    pub linked: Vec<String>,
    /// Resources.
    pub resources: Vec<Resource>,
}

/// An organizational unit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unit {
    /// Its name.
    pub name: String,
    /// The unit it lies in, by number; none: the root.
    pub parent: Option<usize>,
    /// Service control policies.
    pub scps: Vec<Policy>,
    /// Resource control policies.
    pub rcps: Vec<Policy>,
    /// Actions that its service control policies deny.
    pub denied: Vec<&'static str>,
}

/// A synthetic organization.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Organization {
    /// The seed it was made from.
    pub seed: u64,
    /// How large it is.
    pub size: Size,
    /// The management account's id; it holds nothing.
    pub management: String,
    /// Units; a unit comes after the one it lies in.
    pub units: Vec<Unit>,
    /// Member accounts.
    pub accounts: Vec<Account>,
    /// Texts of the AWS managed policies that are attached, by ARN: what the catalog has.
    pub(crate) aws: BTreeMap<String, Arc<str>>,
}

/// What is asked of the generator.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// How large.
    pub size: Size,
    /// The same seed makes the same organization.
    pub seed: u64,
    /// How many in a hundred customer policies have a document that others have too.
    pub duplicates: usize,
}

impl Settings {
    /// A tier, and a seed.
    pub const fn new(tier: Tier, seed: u64) -> Self {
        Self::sized(tier.size(), seed)
    }

    /// A size of one's own, and a seed.
    pub const fn sized(size: Size, seed: u64) -> Self {
        Self { size, seed, duplicates: DUPLICATES }
    }

    /// Another share of documents that occur more than once, in percent.
    #[must_use]
    pub const fn with_duplicates(mut self, percent: usize) -> Self {
        self.duplicates = percent;
        self
    }
}

/// Documents that several policies have.
const SHARED_DOCUMENTS: usize = 256;

impl Organization {
    /// Makes an organization. The same settings make the same one, byte for byte.
    ///
    /// ```
    /// use iamsim_generate::{Corpus, Organization, Settings, Tier};
    ///
    /// let organization = Organization::generate(&Corpus::new(), &Settings::new(Tier::S, 7));
    /// assert_eq!(organization.roles(), 10);
    /// let cloud = organization.build()?;
    /// assert_eq!(cloud.account_ids().len(), 2, "the management account, and one with everything in it");
    /// # Ok::<(), iamsim::Error>(())
    /// ```
    pub fn generate(corpus: &Corpus, settings: &Settings) -> Self {
        let maker = Maker { corpus, settings, shared: shared_documents(corpus, settings) };
        let Settings { size, seed, .. } = *settings;
        let units = maker.units();
        let accounts: Vec<Account> = (0..size.accounts).map(|number| maker.account(number)).collect();
        let attached = accounts.iter().flat_map(|account| {
            let of_groups = account.groups.iter().flat_map(|(_, attached)| attached);
            let of_users = account.users.iter().flat_map(|user| &user.attached);
            account.roles.iter().flat_map(|role| &role.attached).chain(of_users).chain(of_groups)
        });
        let aws = attached
            .filter(|arn| arn.starts_with("arn:aws:iam::aws:"))
            .filter_map(|arn| Some((arn.clone(), corpus.managed.get(arn)?.document().into())))
            .collect();
        let management = account_id(seed, size.accounts);
        Self { seed, size, management, units, accounts, aws }
    }

    /// How many roles there are, service-linked ones too.
    pub fn roles(&self) -> usize {
        self.accounts.iter().map(|account| account.roles.len() + account.linked.len()).sum()
    }

    /// How many different documents there are, AWS's not counted.
    pub fn distinct_documents(&self) -> usize {
        let mut texts: Vec<&str> = self.documents().collect();
        texts.sort_unstable();
        texts.dedup();
        texts.len()
    }

    /// All bytes of all documents, AWS's not counted, each as often as it is written.
    pub fn document_bytes(&self) -> usize {
        self.documents().map(str::len).sum()
    }

    fn documents(&self) -> impl Iterator<Item = &str> {
        self.accounts.iter().flat_map(|account| {
            let own = account.policies.iter().map(|policy| &*policy.text);
            let on_resources = account.resources.iter().filter_map(|resource| resource.policy.as_deref());
            let of_roles = account.roles.iter().flat_map(|role| {
                std::iter::once(&*role.trust).chain(role.inline.iter().map(|policy| &*policy.text))
            });
            own.chain(on_resources).chain(of_roles)
        })
    }

    /// The units an account lies in, the innermost first.
    pub(crate) fn units_of<'o>(&'o self, account: &Account) -> impl Iterator<Item = &'o Unit> {
        let mut next = Some(account.unit);
        std::iter::from_fn(move || {
            let unit = self.units.get(next?)?;
            next = unit.parent;
            Some(unit)
        })
    }
}

/// Twelve digits that no other account has: steps around a circle that never meet.
fn account_id(seed: u64, number: usize) -> String {
    const FIRST: u64 = 100_000_000_000;
    const ALL: u64 = 899_999_999_981;
    let start = Draw::new(seed, "account", 0).next() % ALL;
    let step = 618_033_988_749 * u64::try_from(number).unwrap_or_default();
    (FIRST + (start + step % ALL) % ALL).to_string()
}

fn shared_documents(corpus: &Corpus, settings: &Settings) -> Vec<Arc<str>> {
    (0..SHARED_DOCUMENTS)
        .map(|number| {
            document::customer(corpus, &mut Draw::new(settings.seed, "shared policy", number), None).into()
        })
        .collect()
}

struct Maker<'m> {
    corpus: &'m Corpus,
    settings: &'m Settings,
    shared: Vec<Arc<str>>,
}

impl Maker<'_> {
    fn draw(&self, kind: &str, number: usize) -> Draw {
        Draw::new(self.settings.seed, kind, number)
    }

    /// Units with their places and guardrails: the first go straight down to the greatest depth.
    fn units(&self) -> Vec<Unit> {
        let Size { units, depth, .. } = self.settings.size;
        let mut levels: Vec<usize> = Vec::new();
        let mut made = Vec::new();
        for number in 0..units {
            let name = if number == 0 { "workloads".to_owned() } else { format!("unit-{number}") };
            let mut unit =
                Unit { name, parent: None, scps: Vec::new(), rcps: Vec::new(), denied: Vec::new() };
            let mut draw = self.draw("unit", number);
            let above = if number == 0 {
                None
            } else if number < depth {
                Some(number - 1)
            } else {
                let may: Vec<usize> = levels
                    .iter()
                    .enumerate()
                    .filter(|(_, level)| **level + 1 < depth)
                    .map(|(at, _)| at)
                    .collect();
                draw.one_of(&may).copied()
            };
            let level = above.and_then(|above| levels.get(above)).map_or(0, |level| level + 1);
            levels.push(level);
            unit.parent = above;
            for guardrail in document::service_control(level, &mut draw) {
                unit.denied.push(guardrail.denies);
                unit.scps.push(Policy {
                    name: format!("{}-{}", guardrail.name, unit.name),
                    text: guardrail.text.into(),
                });
            }
            if level == 0 {
                let text = document::PERIMETER.into();
                unit.rcps.push(Policy { name: format!("perimeter-{}", unit.name), text });
            }
            made.push(unit);
        }
        made
    }

    /// The numbers of the things that lie in an account: neighbours stay together.
    fn of_account(&self, account: usize, things: usize) -> std::ops::Range<usize> {
        let accounts = self.settings.size.accounts.max(1);
        account * things / accounts..(account + 1) * things / accounts
    }

    fn account(&self, number: usize) -> Account {
        let size = self.settings.size;
        let mut draw = self.draw("in account", number);
        let id = account_id(self.settings.seed, number);
        let place = Place { account: &id, region: a_region(&mut draw) };
        let boundary = Policy { name: "boundary".to_owned(), text: document::BOUNDARY.into() };
        let mut policies = vec![boundary];
        policies.extend(self.of_account(number, size.policies).map(|policy| self.policy(policy, place)));
        let own: Vec<String> = policies
            .iter()
            .skip(1)
            .map(|policy| format!("arn:aws:iam::{id}:policy/{}", policy.name))
            .collect();
        let first_policy = self.of_account(number, size.policies).start;
        let (mut roles, mut linked, mut resources) = (Vec::new(), Vec::new(), Vec::new());
        for role in self.of_account(number, size.roles) {
            let mut draw = self.draw("role", role);
            let archetype = draw.weighted(ARCHETYPES).copied().unwrap_or(Archetype::Application);
            if archetype == Archetype::ServiceLinked {
                // One after another, so that no account has the same twice.
                let services = &self.corpus.linked;
                linked.extend(services.get((role + linked.len()) % services.len().max(1)).cloned());
            } else {
                roles.push(self.role(role, archetype, &mut draw, place, (first_policy, &own)));
            }
            for resource in 0..RESOURCES_PER_ROLE {
                resources.push(self.resource(role * RESOURCES_PER_ROLE + resource, place));
            }
        }
        linked.sort();
        linked.dedup();
        while roles.len() + linked.len() < self.of_account(number, size.roles).len() {
            let role = self.of_account(number, size.roles).end + roles.len() + linked.len();
            let mut draw = self.draw("role instead of a second linked one", role);
            let mut made = self.role(role, Archetype::Application, &mut draw, place, (first_policy, &own));
            made.name.push_str("-instead");
            roles.push(made);
        }
        let groups = vec![
            ("developers".to_owned(), self.managed("ReadOnlyAccess")),
            ("administrators".to_owned(), self.managed("AdministratorAccess")),
        ];
        let users = self.of_account(number, size.users).map(|user| self.user(user, &own)).collect();
        let unit = draw.below(size.units);
        Account { id, unit, policies, groups, users, roles, linked, resources }
    }

    fn managed(&self, name: &str) -> Vec<String> {
        self.corpus.managed_arn(name).into_iter().collect()
    }

    fn policy(&self, number: usize, place: Place<'_>) -> Policy {
        let mut draw = self.draw("policy", number);
        let name = format!("{}-{number}", a_name(&mut draw));
        let shared = draw.percent(self.settings.duplicates).then(|| draw.zipf(self.shared.len()));
        let text = match shared.and_then(|shared| self.shared.get(shared)) {
            Some(shared) => shared.clone(),
            None => document::customer(self.corpus, &mut draw, Some(place)).into(),
        };
        Policy { name, text }
    }

    fn role(
        &self,
        number: usize,
        archetype: Archetype,
        draw: &mut Draw,
        place: Place<'_>,
        (first_policy, own): (usize, &[String]),
    ) -> Role {
        let account = place.account;
        let path = match archetype {
            Archetype::Application | Archetype::ServiceLinked => "service",
            Archetype::Pipeline => "ci",
            Archetype::Person => "people",
            Archetype::CrossAccount => "partners",
            Archetype::Administrator | Archetype::Legacy => "",
        };
        let name = format!("{}-{number}", a_name(draw));
        let name = if path.is_empty() { name } else { format!("{path}/{name}") };
        let mut inline = Vec::new();
        let mut attached = Vec::new();
        let mut repository = None;
        let inline_policy = |draw: &mut Draw| Policy {
            name: "inline".to_owned(),
            text: document::inline(self.corpus, draw, place).into(),
        };
        let trust = match archetype {
            Archetype::Application | Archetype::ServiceLinked => {
                inline.push(inline_policy(draw));
                let popular = draw.weighted(POPULAR_POLICIES).copied().unwrap_or_default();
                attached.extend(self.corpus.managed_arn(popular));
                let service = draw.weighted(TRUSTED_SERVICES).copied().unwrap_or("lambda.amazonaws.com");
                document::service_trust(service)
            }
            Archetype::Pipeline => {
                let trust = document::pipeline_trust(account, repository.insert(a_name(draw)));
                // What a pipeline may do is written for it.
                inline.push(inline_policy(draw));
                trust
            }
            Archetype::Person => {
                attached.extend(self.corpus.managed_arn(draw.word(JOB_FUNCTIONS)));
                document::person_trust(account)
            }
            Archetype::CrossAccount => {
                attached.extend(self.corpus.managed_arn(draw.word(&["SecurityAudit", "ReadOnlyAccess"])));
                // An account nobody has described: partners are outside.
                let partner = 100_000_000_000 + draw.next() % 1_000;
                document::account_trust(&partner.to_string(), draw)
            }
            Archetype::Administrator => {
                attached.extend(self.corpus.managed_arn("AdministratorAccess"));
                document::account_trust(account, draw)
            }
            Archetype::Legacy => {
                inline.push(Policy { name: "all".to_owned(), text: document::legacy(draw).into() });
                document::service_trust("ec2.amazonaws.com")
            }
        };
        // 0.77 attachments a role, three in four of them the customer's; at least one where nothing else is.
        let wanted = usize::from(draw.percent(45)) + usize::from(draw.percent(13));
        let wanted = if inline.is_empty() && attached.is_empty() { wanted.max(1) } else { wanted };
        // Policies lie near the roles they were made for, and a role has the same ones in every size.
        let near = number * self.settings.size.policies / self.settings.size.roles.max(1);
        for _ in 0..wanted {
            let policy = near.saturating_sub(draw.below(4)).saturating_sub(first_policy);
            attached.extend(own.get(policy.min(own.len().saturating_sub(1))).cloned());
        }
        attached.sort();
        attached.dedup();
        let boundary = draw.percent(BOUNDARIES).then(|| format!("arn:aws:iam::{account}:policy/boundary"));
        let tags = [("team", TEAMS), ("stage", STAGES), ("cost-center", TEAMS)];
        let count = draw.among(&TAGS);
        let tags =
            tags.into_iter().take(count).map(|(key, words)| (key, draw.word(words).to_owned())).collect();
        Role { name, archetype, trust: trust.into(), repository, inline, attached, boundary, tags }
    }

    fn user(&self, number: usize, own: &[String]) -> User {
        let mut draw = self.draw("user", number);
        let mut attached: Vec<String> = draw.one_of(own).cloned().into_iter().collect();
        if attached.is_empty() {
            attached = self.managed("ReadOnlyAccess");
        }
        let groups = if draw.percent(14) { vec!["developers".to_owned()] } else { Vec::new() };
        User { name: format!("user-{number}"), attached, groups }
    }

    fn resource(&self, number: usize, place: Place<'_>) -> Resource {
        let mut draw = self.draw("resource", number);
        let Place { account, region } = place;
        let name = format!("{}-{number}", a_name(&mut draw));
        let service = draw.word(&["s3", "s3", "sqs", "kms", "secretsmanager", "lambda"]);
        let arn = match service {
            "s3" => format!("arn:aws:s3:::{name}-{account}"),
            "sqs" => format!("arn:aws:sqs:{region}:{account}:{name}"),
            "kms" => {
                let (high, low) = (draw.next(), draw.next());
                let id = format!(
                    "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
                    high >> 32,
                    high & 0xffff,
                    (high >> 16) & 0xfff,
                    low >> 52,
                    low & 0xffff_ffff_ffff
                );
                format!("arn:aws:kms:{region}:{account}:key/{id}")
            }
            "secretsmanager" => format!("arn:aws:secretsmanager:{region}:{account}:secret:{name}-Ab1Cd2"),
            _ => format!("arn:aws:lambda:{region}:{account}:function:{name}"),
        };
        let has_policy = draw.percent(RESOURCE_POLICIES);
        let policy = has_policy.then(|| document::resource_policy(service, &arn, account, &mut draw).into());
        Resource { arn, policy, team: draw.word(TEAMS) }
    }
}
