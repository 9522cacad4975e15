//! From a text to a report: every policy in it, read, judged by every rule, less what is waived.

use iamsim_catalog::Catalog;
use iamsim_policy::{AccountId, Policy, PolicyKind, Source, Span, json};

use crate::config::Config;
use crate::document::{self, Found};
use crate::facts::Facts;
use crate::finding::{Finding, Level, StatementName};
use crate::rule::{Rule, Sink};
use crate::rules::SUPERSEDED;
use crate::waiver::{self, UNUSED_WAIVER, Waiver};

/// A file that holds no policy, or one that can't be known here.
pub(crate) const NO_POLICY: &str = "no-policy";

/// The longest policy that is judged: three times AWS's own longest, which has 152,297 bytes.
const MAX_JUDGED_BYTES: usize = 512 * 1024;

/// A file that can't be read.
pub(crate) const UNREADABLE: &str = "unreadable-file";

/// Codes that are neither a rule's nor the policy language's, each with what it means.
pub(crate) const OTHER_CODES: &[(&str, &str)] = &[
    (waiver::INVALID_CONFIG, "a configuration that can't be read"),
    (waiver::INVALID_WAIVER, "a waiver in a policy's `Id` that can't be read"),
    (NO_POLICY, "a file without a policy, or with one that is not complete"),
    (UNREADABLE, "a file that can't be read"),
    (UNUSED_WAIVER, "a waiver that nothing was found for"),
];

/// Judges policies. Cloning is cheap.
///
/// ```
/// use iamsim_lint::Linter;
/// use iamsim_policy::{Policy, PolicyKind};
///
/// let policy = Policy::parse(PolicyKind::Identity, r#"{"Version": "2012-10-17",
///     "Statement": {"Effect": "Allow", "Action": "ec2:DescribeInstances", "Resource": "arn:aws:ec2:*:*:instance/*"}}"#)?;
/// let found = Linter::new().advise(&policy);
/// assert_eq!(found[0].code(), "wildcard-only-action");
/// # Ok::<(), iamsim_policy::PolicyError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Linter {
    catalog: Catalog,
    config: Config,
}

impl Default for Linter {
    fn default() -> Self {
        Self::new()
    }
}

/// What was found in one text.
#[derive(Clone, Debug, Default)]
pub struct Report {
    policies: Vec<CheckedPolicy>,
    findings: Vec<Finding>,
    waived: Vec<WaivedFinding>,
    /// The configuration's waivers that were used, and those that spoke of a policy of the text.
    used: Vec<usize>,
    reached: Vec<usize>,
}

/// A policy that was judged.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "what a report says of a policy besides its findings")]
pub struct CheckedPolicy {
    /// The file's name, and after a `#` what the policy is called inside it.
    pub name: String,
    /// What it was judged as.
    pub kind: PolicyKind,
    /// Whether nobody said so.
    pub guessed: bool,
    /// Where it stands in the text.
    pub span: Span,
}

/// A finding that somebody means so.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a finding, why it is waived, and where that is said")]
pub struct WaivedFinding {
    /// What was found.
    pub finding: Finding,
    /// Why it is meant so.
    pub reason: String,
    /// Whether the policy itself says so, in its `Id`.
    pub inline: bool,
}

impl Linter {
    /// Judges by the embedded catalog, with every rule at its own level.
    pub fn new() -> Self {
        Self { catalog: Catalog::embedded().clone(), config: Config::default() }
    }

    /// Judges by another catalog, such as a newer one.
    #[must_use]
    pub fn with_catalog(mut self, catalog: Catalog) -> Self {
        self.catalog = catalog;
        self
    }

    /// Judges as a configuration says.
    #[must_use]
    pub fn with_config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Judges one policy: what the policy language warns of and what the rules find, waivers aside, in the order
    /// of the text.
    pub fn advise(&self, policy: &Policy) -> Vec<Finding> {
        self.advise_in(policy, &self.config.accounts, false)
    }

    /// Judges every policy of a text, as the kind given or as the one it most likely is.
    pub fn check(&self, source: &Source, kind: Option<PolicyKind>) -> Report {
        let mut report = Report::default();
        let root = match json::parse(source) {
            Ok(root) => root,
            Err(diagnostic) => {
                report.findings.push(Finding::from(&diagnostic));
                return report;
            }
        };
        let found = document::policies(&root);
        if found.is_empty() {
            let opening = Span::new(root.span.start, root.span.end.min(root.span.start + 1));
            let mut finding =
                Finding::new(NO_POLICY, Level::Error, source, opening, "this file holds no policy");
            finding
                .help_with("a policy has `Statement`; answers of AWS's that hold policies are read as well");
            report.findings.push(finding);
        }
        for found in &found {
            self.check_found(source, found, kind, &mut report);
        }
        report.findings.sort_by_key(|finding| (finding.span(), finding.code()));
        report
    }

    /// The configuration's waivers that nothing was found for, though a policy they speak of was judged.
    pub fn unused_waivers(&self, reports: &[Report]) -> Vec<Finding> {
        let Some(source) = &self.config.source else { return Vec::new() };
        let level = match self.config.level(UNUSED_WAIVER) {
            Some(None) => return Vec::new(),
            Some(Some(level)) => level,
            None => Level::Warning,
        };
        let holds = |list: fn(&Report) -> &[usize], index: usize| {
            reports.iter().any(|report| list(report).contains(&index))
        };
        let waivers = self.config.waivers.iter().enumerate();
        let unused = waivers.filter(|(index, _)| {
            holds(|report| &report.reached, *index) && !holds(|report| &report.used, *index)
        });
        let finding = |(_, waiver): (usize, &Waiver)| {
            let rule = waiver.rule.unwrap_or_default();
            let message = format!("`{rule}` found nothing that this waives");
            let mut finding = Finding::new(UNUSED_WAIVER, level, source, waiver.span, message);
            finding.help_with("remove the waiver, or correct the policy or statement it names");
            finding
        };
        unused.map(finding).collect()
    }

    fn check_found(
        &self,
        source: &Source,
        found: &Found<'_, '_>,
        kind: Option<PolicyKind>,
        report: &mut Report,
    ) {
        let name = if found.name.is_empty() {
            source.name().to_owned()
        } else {
            format!("{}#{}", source.name(), found.name)
        };
        if let Some(span) = found.function {
            let message = "this calls a function of a template, whose result is not known here";
            let mut finding = Finding::new(NO_POLICY, Level::Note, source, span, message);
            finding.help_with("check what the template makes of it");
            report.findings.push(finding);
            return;
        }
        let given = kind.or(found.kind);
        let kind = given.unwrap_or_else(|| document::guess(found.node, source.name()));
        let span = found.node.span;
        report.policies.push(CheckedPolicy { name: name.clone(), kind, guessed: given.is_none(), span });
        let policy = match Policy::from_node(kind, source, found.node) {
            Ok(policy) => policy,
            Err(error) => {
                let findings = error.diagnostics().iter().map(Finding::from);
                let errors_and_warnings = findings.filter_map(|finding| self.at_level(finding));
                report.findings.extend(errors_and_warnings);
                if given.is_none()
                    && let Some(first) =
                        report.findings.iter_mut().find(|finding| finding.level() == Level::Error)
                    && first.help().is_none()
                {
                    first.help_with(format!("it was read as {kind}; `--kind` says what it is"));
                }
                return;
            }
        };
        if source.text_of(span).len() > MAX_JUDGED_BYTES {
            let opening = Span::new(span.start, span.start + 1);
            let message = format!(
                "this policy has {} bytes, more than any that AWS stores, and was not judged",
                source.text_of(span).len()
            );
            let mut finding = Finding::new("policy-size", Level::Error, source, opening, message);
            finding.help_with("check that this is the file you meant");
            report.findings.push(finding);
            return;
        }
        let mut accounts = self.config.accounts.clone();
        accounts.extend(found.account);
        let id = policy.id().unwrap_or_default();
        let (inline, wrong) = waiver::inline(id, source, id_span(found.node));
        report.findings.extend(wrong);
        let waivers = self.config.waivers.iter().enumerate().filter(|(_, waiver)| waiver.is_about(&name));
        let waivers: Vec<(usize, &Waiver)> = waivers.collect();
        report.reached.extend(waivers.iter().map(|(index, _)| *index));
        for finding in self.advise_in(&policy, &accounts, found.aws_owned) {
            if let Some(waiver) = inline.iter().find(|waiver| waiver.covers(&finding)) {
                let reason = waiver.reason.clone();
                report.waived.push(WaivedFinding { finding, reason, inline: true });
            } else if let Some((index, waiver)) = waivers.iter().find(|(_, waiver)| waiver.covers(&finding)) {
                report.used.push(*index);
                let reason = waiver.reason.clone();
                report.waived.push(WaivedFinding { finding, reason, inline: false });
            } else {
                report.findings.push(finding);
            }
        }
    }

    fn advise_in(&self, policy: &Policy, accounts: &[AccountId], aws_owned: bool) -> Vec<Finding> {
        let mut findings: Vec<Finding> = policy
            .warnings()
            .iter()
            .filter(|warning| !SUPERSEDED.iter().any(|(code, _)| *code == warning.code()))
            .map(Finding::from)
            .filter(|finding| {
                finding.code() != "ignored-id" || !waiver::is_inline(policy.id().unwrap_or_default())
            })
            .collect();
        for finding in &mut findings {
            finding.set_statement(statement_at(policy, finding.span()));
        }
        let facts = Facts::new(policy, &self.catalog, accounts, aws_owned);
        for rule in Rule::all() {
            if self.config.level(rule.code) == Some(None) {
                continue;
            }
            let mut sink = Sink { rule, source: policy.source(), findings: &mut findings };
            (rule.check)(&facts, &mut sink);
        }
        let mut findings: Vec<Finding> =
            findings.into_iter().filter_map(|finding| self.at_level(finding)).collect();
        findings.sort_by_key(|finding| (finding.span(), finding.code()));
        findings
    }

    /// A finding at the level the configuration wants, none if it wants none. What stops a document can't be
    /// turned off.
    fn at_level(&self, mut finding: Finding) -> Option<Finding> {
        let stops = finding.level() == Level::Error && Rule::find(finding.code()).is_none();
        match self.config.level(finding.code()) {
            _ if stops => {}
            Some(level) => finding.set_level(level?),
            None => {}
        }
        Some(finding)
    }
}

impl Report {
    /// The policies that were judged, in the order of the text.
    pub fn policies(&self) -> &[CheckedPolicy] {
        &self.policies
    }

    /// What was found and is not waived, in the order of the text.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What was found and is waived.
    pub fn waived(&self) -> &[WaivedFinding] {
        &self.waived
    }

    /// The gravest level that was found.
    pub fn worst(&self) -> Option<Level> {
        self.findings.iter().map(Finding::level).max()
    }
}

impl Report {
    /// The report on a file that could not be read.
    ///
    /// ```
    /// let report = iamsim_lint::Report::unreadable("team.json", "no such file");
    /// assert_eq!(report.findings()[0].to_string(), "team.json:1:1: error[unreadable-file]: no such file");
    /// ```
    pub fn unreadable(name: &str, reason: impl Into<String>) -> Self {
        let source = Source::new(name, "");
        Self::from(vec![Finding::new(UNREADABLE, Level::Error, &source, Span::default(), reason)])
    }
}

impl From<Vec<Finding>> for Report {
    /// Findings that belong to no policy, such as those of a configuration.
    fn from(findings: Vec<Finding>) -> Self {
        Self { findings, ..Self::default() }
    }
}

/// The statement a place lies in.
fn statement_at(policy: &Policy, span: Span) -> Option<StatementName> {
    let mut statements = policy.statements().iter().enumerate();
    let (index, statement) = statements
        .find(|(_, statement)| statement.span().start <= span.start && span.end <= statement.span().end)?;
    Some(StatementName::new(index + 1, statement))
}

fn id_span(node: &json::Node<'_>) -> Span {
    let json::Value::Object(members) = &node.value else { return node.span };
    members.iter().find(|member| member.key == "Id").map_or(node.span, |member| member.value.span)
}

/// What a code means, in one line.
pub(crate) fn summary(code: &str) -> &'static str {
    let other = || OTHER_CODES.iter().find(|(known, _)| *known == code).map(|(_, meaning)| *meaning);
    Rule::find(code).map(Rule::summary).or_else(other).unwrap_or("a finding of the policy language")
}
