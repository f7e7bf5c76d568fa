use super::*;

/// The seeds of RFC 8032 §7.1, tests 1 to 3.
const SEEDS: [&str; 3] = [
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
];

fn key(number: usize) -> PrivateKey {
    let mut seed = [0; 32];
    hex::decode_to_slice(SEEDS[number], &mut seed).unwrap();
    PrivateKey::from_seed(Algorithm::Ed25519, seed).unwrap()
}

fn pem(label: &str, der: &str) -> String {
    encode(label, &hex::decode(der).unwrap())
}

#[test]
fn ed25519_keys_are_written_as_rfc_8410_has_them() {
    let public = key(0).public();
    assert_eq!(
        public.to_pem(),
        "-----BEGIN PUBLIC KEY-----\n\
         MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n\
         -----END PUBLIC KEY-----\n"
    );
    assert_eq!(PublicKey::parse(&public.to_pem()), Ok(public.clone()));
    let line = "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    assert_eq!(public.to_line(), line);
    assert_eq!(PublicKey::parse(line), Ok(public.clone()));
    let secret = key(0).to_secret_pem().unwrap();
    assert_eq!(
        secret,
        pem(
            LABEL_PRIVATE,
            &format!("302e020100300506032b657004220420{}", SEEDS[0])
        )
    );
    assert_eq!(PrivateKey::parse(&secret).unwrap().public(), public);
}

#[test]
fn null_parameters_are_read_and_give_the_same_key() {
    let public = key(0).public();
    let bytes = hex::encode(public.ed25519_bytes().unwrap());
    let null = pem(
        LABEL_PUBLIC,
        &format!("302c300706032b65700500032100{bytes}"),
    );
    let read = PublicKey::parse(&null).unwrap();
    assert_eq!(read, public);
    assert_eq!(read.id(), public.id());
    assert_eq!(read.to_pem(), public.to_pem());
}

#[test]
fn both_forms_of_pkcs8_version_2_are_read_and_their_halves_compared() {
    let public = hex::encode(key(1).public().ed25519_bytes().unwrap());
    let other = hex::encode(key(2).public().ed25519_bytes().unwrap());
    for (head, between) in [
        ("3051020101300506032b657004220420", "812100"),
        ("3053020101300506032b657004220420", "a123032100"),
    ] {
        let of = |public: &str| {
            pem(
                LABEL_PRIVATE,
                &format!("{head}{}{between}{public}", SEEDS[1]),
            )
        };
        assert_eq!(
            PrivateKey::parse(&of(&public)).unwrap().public(),
            key(1).public()
        );
        assert_eq!(
            PrivateKey::parse(&of(&other)).unwrap_err(),
            Error::OtherHalf
        );
    }
}

#[test]
fn p256_keys_are_those_of_openssl() {
    // openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256, then pkey -pubout.
    let secret = "-----BEGIN PRIVATE KEY-----\n\
         MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgYc0JBN8X7TuQFxr6\n\
         4fuI11oPEGxrkGO0lV6jcVxDiCehRANCAARTpra7ruurGP2W72+af+w7eJgTteoI\n\
         cfpHJv1JvGHNVGl8UthqRTdWnvcCpbXU5ko5fYWr88Jgc69Itf0rOF6j\n\
         -----END PRIVATE KEY-----\n";
    let public = "-----BEGIN PUBLIC KEY-----\n\
         MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEU6a2u67rqxj9lu9vmn/sO3iYE7Xq\n\
         CHH6Ryb9SbxhzVRpfFLYakU3Vp73AqW11OZKOX2Fq/PCYHOvSLX9Kzheow==\n\
         -----END PUBLIC KEY-----\n";
    let key = PrivateKey::parse(secret).unwrap();
    assert_eq!(key.public().to_pem(), public);
    assert_eq!(key.to_secret_pem().unwrap(), secret);
    assert_eq!(PublicKey::parse(public).unwrap(), key.public());
    assert_eq!(key.public().algorithm(), Algorithm::P256);
    let signature = key.sign(b"hello\n");
    assert_eq!(signature, key.sign(b"hello\n"));
    assert!(key.public().verify(b"hello\n", &signature));
    assert!(!key.public().verify(b"hello", &signature));
}

#[test]
fn a_signature_fits_one_message_and_one_key() {
    let signature = key(0).sign(b"message");
    assert!(key(0).public().verify(b"message", &signature));
    assert!(!key(1).public().verify(b"message", &signature));
    assert!(!key(0).public().verify(b"massage", &signature));
    assert!(!key(0).public().verify(b"message", &signature[..63]));
    assert!(!key(0).public().verify(b"message", b""));
}

#[test]
fn keys_of_small_order_are_refused() {
    // The neutral element, and a point of order 8.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let mut eighth = [0; 32];
    let order_8 = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05";
    hex::decode_to_slice(order_8, &mut eighth).unwrap();
    for weak in [neutral, eighth, [0; 32]] {
        assert_eq!(PublicKey::from_ed25519(&weak), Err(Error::SmallOrder));
    }
    assert_eq!(PublicKey::from_ed25519(&[2; 32]), Err(Error::OffCurve));
}

#[test]
fn what_is_no_key_is_refused_without_a_word_of_it() {
    let secret = key(0).to_secret_pem().unwrap();
    let public = key(0).public().to_pem();
    let label = |label: &str| Error::Label {
        label: label.into(),
        want: if label == LABEL_PUBLIC {
            LABEL_PRIVATE
        } else {
            LABEL_PUBLIC
        },
    };
    assert_eq!(PublicKey::parse(&secret).unwrap_err(), label(LABEL_PRIVATE));
    assert_eq!(PrivateKey::parse(&public).unwrap_err(), label(LABEL_PUBLIC));
    for (text, want) in [
        ("MCowBQYDK2VwAyEA11qY", Error::Unknown),
        ("no key", Error::NotPem { want: LABEL_PUBLIC }),
    ] {
        assert_eq!(PublicKey::parse(text).unwrap_err(), want);
    }
    assert!(matches!(
        PublicKey::parse(&public.repeat(1000)),
        Err(Error::TooLong { .. })
    ));
    // X25519, a point that is too long, P-256 with NULL behind the curve.
    for bad in [
        format!("302a300506032b656e032100{}", "11".repeat(32)),
        format!("302b300506032b6570032200{}", "11".repeat(33)),
        "3000".to_owned(),
    ] {
        assert_eq!(
            PublicKey::parse(&pem(LABEL_PUBLIC, &bad)),
            Err(Error::Unknown)
        );
        assert_eq!(
            PrivateKey::parse(&pem(LABEL_PRIVATE, &bad)).unwrap_err(),
            Error::Unknown
        );
    }
    let shown = format!("{:?}", key(0));
    assert!(
        shown.contains("06e3fd8f") && !shown.contains("9d61b1"),
        "{shown}"
    );
}
