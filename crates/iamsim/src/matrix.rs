//! Many questions at once: all actions of the catalog that match patterns, for several callers and resources.

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};
use std::sync::Arc;

use iamsim_catalog::Catalog;
use iamsim_eval::{Decision, Explanation, Layer};
use iamsim_model::{Caller, ErrorCode};
use iamsim_policy::{ActionPattern, Arn};

use crate::cloud::Cloud;
use crate::error::Error;
use crate::request::RequestBuilder;
use crate::snapshot::Snapshot;
use crate::{Result, assert, warning};

/// Every combination of actions, callers and resources, from [`Cloud::for_actions`].
///
/// A pattern such as `lambda:Invoke*` stands for all actions of the catalog that it matches; a whole action for
/// itself, also when the catalog does not know it. An action without resource types is asked once, with `*`; one
/// that came from a pattern is left out for resources it is never asked on.
///
/// ```
/// use iamsim::Cloud;
///
/// let mut cloud = Cloud::new();
/// let dev = cloud.account("111122223333")?.add_user("dev")?
///     .attach("developer", r#"{"Version": "2012-10-17", "Statement": {
///         "Effect": "Allow", "Action": ["lambda:Invoke*", "lambda:List*"], "Resource": "*"}}"#)?
///     .caller();
///
/// let function = "arn:aws:lambda:eu-west-1:111122223333:function:checkout";
/// cloud.for_actions(["lambda:Invoke*"]).by(&dev).on(function).assert_allows();
/// cloud.for_actions(["lambda:Create*", "lambda:Delete*"]).by(&dev).on(function).assert_denies();
/// let listed: Vec<_> = cloud.for_actions(["lambda:ListF*"]).by(&dev).on(function).explain()?
///     .into_iter().map(|cell| format!("{} on {}", cell.action(), cell.resource())).collect();
/// assert!(listed.contains(&"lambda:ListFunctions on *".to_owned()));
/// # Ok::<(), iamsim::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "a matrix asks nothing until `explain` or an assertion is called"]
pub struct Matrix {
    snapshot: Snapshot,
    patterns: Vec<String>,
    callers: Vec<Caller>,
    resources: Vec<String>,
    with: Vec<Arc<Say>>,
}

/// Says more of each request.
type Say = dyn Fn(RequestBuilder) -> RequestBuilder + Send + Sync;

/// One answered question of a [`Matrix`].
#[derive(Clone, Debug)]
pub struct Cell {
    caller: Caller,
    action: String,
    resource: String,
    explanation: Explanation,
}

impl Cell {
    /// Who asks.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// For which action.
    pub fn action(&self) -> &str {
        &self.action
    }

    /// On which resource.
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// The decision.
    pub fn decision(&self) -> Decision {
        self.explanation.decision()
    }

    /// The decision, and why.
    pub fn explanation(&self) -> &Explanation {
        &self.explanation
    }
}

impl Cloud {
    /// Asks for all actions of the catalog that match these patterns, in a [`Matrix`].
    pub fn for_actions<P: Into<String>>(&self, patterns: impl IntoIterator<Item = P>) -> Matrix {
        self.snapshot().for_actions(patterns)
    }
}

impl Snapshot {
    /// Asks for all actions of the catalog that match these patterns, in a [`Matrix`].
    pub fn for_actions<P: Into<String>>(&self, patterns: impl IntoIterator<Item = P>) -> Matrix {
        Matrix {
            snapshot: self.clone(),
            patterns: patterns.into_iter().map(Into::into).collect(),
            callers: Vec::new(),
            resources: Vec::new(),
            with: Vec::new(),
        }
    }
}

impl fmt::Debug for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Matrix")
            .field("patterns", &self.patterns)
            .field("callers", &self.callers)
            .field("resources", &self.resources)
            .finish_non_exhaustive()
    }
}

/// A question that is not asked yet.
struct Open<'m> {
    caller: &'m Caller,
    action: String,
    resource: String,
    request: RequestBuilder,
}

impl Matrix {
    /// Asks for this caller too.
    pub fn by(mut self, who: &Caller) -> Self {
        self.callers.push(who.clone());
        self
    }

    /// Asks on this resource too, given as ARN. Without any, everything is asked with `*`.
    pub fn on(mut self, resource: &str) -> Self {
        self.resources.push(resource.into());
        self
    }

    /// Says more of each request: `.with(|request| request.source_ip("203.0.113.9"))`.
    pub fn with(mut self, say: impl Fn(RequestBuilder) -> RequestBuilder + Send + Sync + 'static) -> Self {
        self.with.push(Arc::new(say));
        self
    }

    /// Decides every question, and says why. Callers come first, then actions, then resources, each in the order
    /// given.
    pub fn explain(self) -> Result<Vec<Cell>> {
        let mut cells = Vec::new();
        for open in self.questions()? {
            let explanation = open.request.explain()?;
            let Open { caller, action, resource, .. } = open;
            cells.push(Cell { caller: caller.clone(), action, resource, explanation });
        }
        Ok(cells)
    }

    /// Fails unless every request is allowed.
    ///
    /// # Panics
    ///
    /// With every request that is not, and the explanation of the first; or when there is nothing to ask.
    #[track_caller]
    pub fn assert_allows(self) {
        self.check("allow", assert::is_allowed);
    }

    /// Fails unless every request is denied.
    ///
    /// # Panics
    ///
    /// With every request that is not, and the explanation of the first; or when there is nothing to ask.
    #[track_caller]
    pub fn assert_denies(self) {
        self.check("deny", Explanation::is_denied);
    }

    /// Fails unless every request is denied because of policies of this layer.
    ///
    /// # Panics
    ///
    /// With every request that is not, and the explanation of the first; or when there is nothing to ask.
    #[track_caller]
    pub fn assert_denied_by(self, layer: Layer) {
        self.check(&format!("deny by {layer}"), |explanation| assert::is_denied_by(explanation, layer));
    }

    /// Fails unless every answer depends on something that is not known.
    ///
    /// # Panics
    ///
    /// With every request whose answer is known, and the explanation of the first; or when there is nothing to
    /// ask.
    #[track_caller]
    pub fn assert_undetermined(self) {
        self.check("undetermined", assert::is_undetermined);
    }

    #[track_caller]
    #[expect(clippy::panic, reason = "an assertion fails by panicking")]
    fn check(self, expected: &str, holds: impl Fn(&Explanation) -> bool) {
        let cells = match self.explain() {
            Ok(cells) => cells,
            Err(error) => panic!("expected {expected}, but the requests can't be asked\n{error:?}"),
        };
        let wrong: Vec<&Cell> = cells.iter().filter(|cell| !holds(&cell.explanation)).collect();
        let Some(first) = wrong.first() else { return };
        let mut list = String::new();
        for Cell { caller, action, resource, explanation } in &wrong {
            let _ = writeln!(list, "  {}: {action} on {resource} by {caller}", explanation.decision());
        }
        panic!(
            "expected {expected}, got something else for {} of {}\n{list}the first of them\n{}",
            wrong.len(),
            cells.len(),
            first.explanation
        );
    }

    fn questions(&self) -> Result<Vec<Open<'_>>> {
        let catalog = self.snapshot.model().catalog();
        let everything = ["*".to_owned()];
        let resources = if self.resources.is_empty() { &everything[..] } else { &self.resources[..] };
        let cells = cells(catalog, &self.patterns, resources)?;
        let mut open = Vec::new();
        for caller in &self.callers {
            for (action, resource) in &cells {
                let request = self.snapshot.request(caller, action, resource);
                let request = self.with.iter().fold(request, |request, say| say(request));
                let (action, resource) = (action.clone(), resource.clone());
                open.push(Open { caller, action, resource, request });
            }
        }
        if open.is_empty() {
            return Err(Error::new(ErrorCode::ValidationError, self.nothing_to_ask()));
        }
        Ok(open)
    }

    /// An assertion over nothing would always hold.
    fn nothing_to_ask(&self) -> String {
        if self.callers.is_empty() {
            return "nobody asks: say who with `by`".into();
        }
        if self.patterns.is_empty() {
            return "nothing is asked for: give actions, such as `lambda:Invoke*`".into();
        }
        format!(
            "no action of {} is ever asked on {}",
            listed(&self.patterns),
            if self.resources.is_empty() { "`*`".into() } else { listed(&self.resources) }
        )
    }
}

fn listed(texts: &[String]) -> String {
    texts.iter().map(|text| format!("`{text}`")).collect::<Vec<_>>().join(", ")
}

/// Every action of the patterns on every resource, each pair once and none that is never asked.
pub(crate) fn cells(
    catalog: &Catalog,
    patterns: &[impl AsRef<str>],
    resources: &[impl AsRef<str>],
) -> Result<Vec<(String, String)>> {
    let mut seen = BTreeSet::new();
    let mut cells = Vec::new();
    for pattern in patterns {
        for (action, from_pattern) in actions(catalog, pattern.as_ref())? {
            for resource in resources {
                let resource = resource_for(catalog, &action, from_pattern, resource.as_ref())?;
                if let Some(resource) = resource
                    && seen.insert((action.to_lowercase(), resource.clone()))
                {
                    cells.push((action.clone(), resource));
                }
            }
        }
    }
    Ok(cells)
}

/// The actions a pattern stands for, each with whether it was found by a wildcard.
fn actions(catalog: &Catalog, pattern: &str) -> Result<Vec<(String, bool)>> {
    if !pattern.contains(['*', '?']) {
        let action: iamsim_policy::Action = pattern.parse()?;
        let known = catalog.action(action.folded()).map(|entry| entry.to_string());
        return Ok(vec![(known.unwrap_or_else(|| action.as_str().to_owned()), false)]);
    }
    let parsed = ActionPattern::new(pattern);
    let found: Vec<_> = catalog.expand(&parsed).map(|entry| (entry.to_string(), true)).collect();
    if found.is_empty() {
        let service = parsed.service().unwrap_or_default();
        let meant = match catalog.service(service) {
            Some(_) => None,
            None => catalog.nearest_service(service),
        };
        let meant = meant.map(|service| format!(": did you mean the service `{service}`?"));
        let message =
            format!("no action of the catalog matches `{pattern}`{}", meant.as_deref().unwrap_or_default());
        return Err(Error::new(ErrorCode::ValidationError, message));
    }
    Ok(found)
}

/// The resource an action is asked on; none when it is never asked on this one.
fn resource_for(
    catalog: &Catalog,
    action: &str,
    from_pattern: bool,
    resource: &str,
) -> Result<Option<String>> {
    let Some(entry) = catalog.action(action).filter(|_| resource != "*") else {
        return Ok(Some(resource.to_owned()));
    };
    if !entry.has_resource_types() {
        return Ok(Some("*".into()));
    }
    let arn: Arn = resource.parse()?;
    Ok((!from_pattern || warning::fits(entry, &arn)).then(|| resource.to_owned()))
}
