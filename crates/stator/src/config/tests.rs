//! What comes out of flags and a configuration file.

use super::*;

fn flags(arguments: &[&str]) -> Flags {
    let all = ["stator", "serve"].iter().chain(arguments);
    match Arguments::try_parse_from(all).unwrap().command {
        Command::Serve(flags) => *flags,
        Command::Check(_) | Command::Keys(_) => unreachable!("serve was asked for"),
    }
}

#[test]
fn flags_win_over_the_file_and_the_file_over_defaults() {
    let file: Flags = toml::from_str("region = \"eu-west-1\"\nin-memory = true\ntable-delay-ms = 5").unwrap();
    let settings = settle(flags(&["--region", "eu-west-2", "--data", "here"]), file).unwrap();
    assert_eq!(settings.engine.region, "eu-west-2");
    assert_eq!(settings.place, Place::Directory("here".into()));
    assert_eq!((settings.engine.table_delay_ms, settings.durability), (5, Durability::Sync));
}

fn settled(arguments: &[&str], file: &str) -> Result<Settings, String> {
    settle(flags(arguments), toml::from_str(file).unwrap())
}

const FILES: [&str; 4] = ["--tls-certificate", "c.pem", "--tls-key", "k.pem"];

#[test]
fn what_others_reach_needs_authentication_and_tls_unless_the_opposite_is_meant() {
    let refused = |arguments: &[&str], file: &str| settled(arguments, file).unwrap_err();
    let open = ["--listen", "0.0.0.0:8000"];
    let problem = refused(&open, "");
    for flag in
        ["0.0.0.0:8000", "--authentication", "--tls-certificate", "--tls-key", "--tls-self-signed", "--insecure"]
    {
        assert!(problem.contains(flag), "{flag} in {problem}");
    }
    let problem = refused(&[&open[..], &FILES].concat(), "");
    assert!(problem.contains("--authentication") && !problem.contains("--tls-key"), "{problem}");
    let problem = refused(&[&open[..], &["--authentication"]].concat(), "");
    assert!(!problem.contains("give --authentication") && problem.contains("--tls-key"), "{problem}");
    for arguments in [
        &["--listen", "0.0.0.0:8000", "--insecure"][..],
        &["--listen", "0.0.0.0:8000", "--authentication", "--tls-self-signed"],
        &["--listen", "[::1]:0"],
        &["--listen", "[::ffff:127.0.0.1]:0"],
        &["--listen", "unix:/run/stator"],
    ] {
        settled(arguments, "").unwrap();
    }
    let listener = "[[listener]]\nlisten = \"10.0.0.1:8000\"\ntls = false";
    let problem = refused(&["--tls-self-signed", "--authentication"], listener);
    assert!(problem.contains("10.0.0.1:8000"), "{problem}");
    settled(&["--tls-self-signed", "--authentication"], &listener.replace("false", "true")).unwrap();
}

#[test]
fn listeners_of_the_file_come_behind_the_first() {
    let file = "[[listener]]\nlisten = \"127.0.0.1:8443\"\nendpoint-id = \"vpce-1\"\nallow = [\"10.0.0.0/8\", \"::1\"]\n\
                policy = \"policy.json\"\n\
                [[listener]]\nlisten = \"unix:/run/stator\"\nmode = \"0600\"";
    let listeners = settled(&["--tls-self-signed"], file).unwrap().listeners;
    assert_eq!(listeners[0], ListenerChoice::new(server::Address::Tcp(([127, 0, 0, 1], 8000).into()), true));
    assert_eq!(
        listeners[1],
        ListenerChoice {
            endpoint_id: Some("vpce-1".to_owned()),
            allow: vec!["10.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()],
            policy: Some("policy.json".into()),
            ..ListenerChoice::new(server::Address::Tcp(([127, 0, 0, 1], 8443).into()), true)
        }
    );
    let socket = server::Address::Unix { path: "/run/stator".into(), mode: 0o600 };
    assert_eq!(listeners[2], ListenerChoice::new(socket, false), "a unix socket has no TLS unless it is asked for");
}

#[test]
fn listeners_that_contradict_themselves_are_refused() {
    for (line, word) in [
        ("listen = \"nowhere\"", "nowhere"),
        ("listen = \"unix:\"", "unix:"),
        ("listen = \"127.0.0.1:1\"\nendpoint-id = \"vpc-1\"", "vpce-"),
        ("listen = \"127.0.0.1:1\"\nallow = [\"10.0.0.1/8\"]", "10.0.0.1/8"),
        ("listen = \"127.0.0.1:1\"\nallow = []", "nobody"),
        ("listen = \"127.0.0.1:1\"\npolicy = \"file\"", "endpoint-id"),
        ("listen = \"127.0.0.1:1\"\ntls = true", "--tls-certificate"),
        ("listen = \"127.0.0.1:1\"\nmode = \"0600\"", "mode"),
        ("listen = \"unix:/a\"\nmode = \"0999\"", "mode"),
        ("listen = \"unix:/a\"\nallow = [\"10.0.0.0/8\"]", "allow"),
    ] {
        let problem = settled(&[], &format!("[[listener]]\n{line}")).unwrap_err();
        assert!(problem.contains(word), "{problem}");
    }
    assert!(toml::from_str::<Flags>("[[listener]]\nendpoint-id = \"vpce-1\"").is_err(), "without an address");
    assert!(toml::from_str::<Flags>("[[listener]]\nlisten = \"unix:/a\"\nnet = \"x\"").is_err());
}

#[test]
fn certificates_come_from_files_or_are_made() {
    let certificate = |arguments: &[&str], file: &str| settled(arguments, file).map(|settings| settings.tls.unwrap());
    let files = Certificate::Files { certificate: "c.pem".into(), key: "k.pem".into() };
    assert_eq!(certificate(&FILES, "").unwrap(), TlsChoice { certificate: files.clone(), clients: None });
    assert_eq!(certificate(&FILES, "tls-self-signed = true").unwrap().certificate, files, "the nearer wins");
    let made = certificate(&["--tls-self-signed"], "tls-certificate = \"c.pem\"\ntls-key = \"k.pem\"").unwrap();
    assert_eq!(made.certificate, Certificate::SelfSigned);
    let clients = |more: &[&str]| certificate(&[&FILES[..], more].concat(), "").map(|tls| tls.clients);
    let authority = ["--tls-client-ca", "ca.pem"];
    assert_eq!(clients(&authority), Ok(Some(("ca.pem".into(), server::ClientCertificates::Required))));
    let optional = [&authority[..], &["--tls-client-certificates", "optional"]].concat();
    assert_eq!(clients(&optional), Ok(Some(("ca.pem".into(), server::ClientCertificates::Optional))));
    for (arguments, word) in [
        (&["--tls-certificate", "c.pem"][..], "--tls-key"),
        (&["--tls-key", "k.pem"], "--tls-certificate"),
        (&["--tls-client-ca", "ca.pem"], "--tls-certificate"),
        (&["--tls-self-signed", "--tls-client-certificates", "required"], "--tls-client-ca"),
    ] {
        let problem = settled(arguments, "").unwrap_err();
        assert!(problem.contains(word), "{problem}");
    }
}

#[test]
fn accounts_may_be_several() {
    let accounts = |arguments: &[&str], file: &str| settled(arguments, file).map(|settings| settings.accounts);
    assert_eq!(accounts(&[], ""), Ok(vec!["000000000000".to_owned()]));
    let two = Ok(vec!["111111111111".to_owned(), "222222222222".to_owned()]);
    assert_eq!(accounts(&["--account", "111111111111", "--account", "222222222222"], "account = \"3\""), two);
    assert_eq!(accounts(&[], "account = [\"111111111111\", \"222222222222\"]"), two);
    assert_eq!(accounts(&[], "account = \"111111111111\""), Ok(vec!["111111111111".to_owned()]));
    assert!(accounts(&["--account", "111111111111,111111111111"], "").is_err());
}

#[test]
fn unknown_settings_and_wrong_accounts_are_refused() {
    assert!(toml::from_str::<Flags>("regoin = \"x\"").is_err());
    assert!(settle(flags(&["--account", "12"]), Flags::default()).is_err());
}

#[test]
fn what_protects_nothing_alone_is_refused() {
    let resolved = |arguments: &[&str], file: &str| settled(arguments, file).and_then(refuse_what_is_incomplete);
    let policy = "[[listener]]\nlisten = \"127.0.0.1:8443\"\nendpoint-id = \"vpce-1\"\npolicy = \"policy.json\"";
    let two = ["--account", "111111111111,222222222222"];
    let of_memory = ["--authentication", "--in-memory"];
    for (arguments, file, asked) in [
        (&["--authentication"][..], "", "--make-master-key"),
        (&["--authentication", "--store", "postgres://localhost/db"], "", "--make-master-key"),
        (&two, "", "--authentication"),
        (&[], policy, "--authentication"),
    ] {
        let problem = resolved(arguments, file).unwrap_err();
        assert!(problem.contains(asked), "{problem}");
    }
    resolved(&["--audit", "events"], "").unwrap();
    resolved(&[&of_memory[..], &two].concat(), policy).unwrap();
    resolved(&["--authentication", "--master-key", "file:key"], policy).unwrap();
}
