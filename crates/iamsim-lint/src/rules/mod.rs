//! The rules, one file each. A new one gets its line here and its page in `docs/rules`; tests hold the three
//! together.

use crate::rule::Rule;

mod targets;

macro_rules! rules {
    ($($module:ident,)+) => {
        $(mod $module;)+

        /// Every rule, by code.
        pub(crate) const ALL: &[&Rule] = &[$(&$module::RULE),+];
    };
}

rules! {
    admin_access,
    allow_negated_condition,
    allow_not_action,
    allow_not_principal,
    allow_not_resource,
    arn_operator,
    classic_service_control,
    confused_deputy,
    dead_statement,
    empty_action_pattern,
    for_all_values_allow,
    inapplicable_key,
    mfa_long_term_keys,
    missing_set_operator,
    oidc_any_subject,
    operator_type,
    partly_inapplicable_key,
    pass_role_any,
    policy_size,
    privilege_escalation,
    public_resource,
    redundant_action,
    redundant_resource,
    resource_mismatch,
    service_trust,
    set_operator_on_single_value,
    shadowed_statement,
    third_party_trust,
    trust_everyone,
    unknown_action,
    unknown_key,
    unknown_service_principal,
    unsupported_resource,
    wildcard_only_action,
}

/// Codes of the policy language that a rule here says better, with more knowledge.
pub(crate) const SUPERSEDED: &[(iamsim_policy::Code, &str)] = &[
    (iamsim_policy::Code::UnknownConditionKey, "unknown-key"),
    (iamsim_policy::Code::TrustsEveryone, "trust-everyone"),
    (iamsim_policy::Code::NotPrincipalAllow, "allow-not-principal"),
    (iamsim_policy::Code::ClassicServiceControl, "classic-service-control"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_stand_in_the_order_of_their_codes_and_are_no_code_of_the_language() {
        assert!(ALL.is_sorted_by(|one, other| one.code < other.code));
        for rule in ALL {
            let of_the_language = iamsim_policy::Code::ALL.iter().any(|code| code.as_str() == rule.code);
            let same = SUPERSEDED.iter().any(|(code, by)| code.as_str() == rule.code && *by == rule.code);
            assert!(!of_the_language || same, "{}", rule.code);
        }
        for (_, code) in SUPERSEDED {
            assert!(ALL.iter().any(|rule| rule.code == *code), "{code}");
        }
    }
}
