//! Amazon resource names of principals and policies.

/// The ARN of the account itself, which its root user has.
pub(crate) fn root(account: &str) -> String {
    format!("arn:aws:iam::{account}:root")
}

/// The ARN of what an account has: `kind` is `user`, `group`, `role` or `policy`, the path begins and ends with a slash.
pub(crate) fn named(account: &str, kind: &str, path: &str, name: &str) -> String {
    format!("arn:aws:iam::{account}:{kind}{path}{name}")
}

/// The ARN of a session of a role.
pub(crate) fn assumed_role(account: &str, role: &str, session: &str) -> String {
    format!("arn:aws:sts::{account}:assumed-role/{role}/{session}")
}

/// The ARN of a federated user.
pub(crate) fn federated_user(account: &str, name: &str) -> String {
    format!("arn:aws:sts::{account}:federated-user/{name}")
}

/// An ARN of `iam` taken apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Parts<'a> {
    pub(crate) account: &'a str,
    /// `user`, `group`, `role` or `policy`.
    pub(crate) kind: &'a str,
    /// Begins and ends with a slash.
    pub(crate) path: &'a str,
    pub(crate) name: &'a str,
}

/// Takes apart the ARN of something that an account, or AWS itself, has in IAM.
pub(crate) fn parse(arn: &str) -> Option<Parts<'_>> {
    let (account, rest) = arn.strip_prefix("arn:aws:iam::")?.split_once(':')?;
    let (kind, _) = rest.split_once('/')?;
    let (before, name) = rest.rsplit_once('/')?;
    let path = rest.get(kind.len()..before.len() + 1)?;
    (!name.is_empty()).then_some(Parts { account, kind, path, name })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taken_apart() {
        let parts = parse("arn:aws:iam::123456789012:user/a/b/Ann").unwrap();
        assert_eq!(parts, Parts { account: "123456789012", kind: "user", path: "/a/b/", name: "Ann" });
        assert_eq!(parse(&named("1", "role", "/", "R")).map(|parts| (parts.path, parts.name)), Some(("/", "R")));
        for wrong in ["", "arn:aws:iam::1:root", "arn:aws:sts::1:user/x", "arn:aws:iam::1:user/", "arn:aws:iam::1:user"]
        {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
