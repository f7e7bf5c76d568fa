//! Programs that their source gives, each built with flags of its own.

use testkit::signing;
use testkit::zip::{self, Entry};

use crate::yard::Yard;

#[test]
fn what_a_trimmed_and_stripped_program_does_not_record_is_found() {
    for version in ["1.21.", "1.27."] {
        let mut yard = Yard::new(version);
        let flags = "-ldflags=-w -s -X main.version=v1.2.3 -X main.commit=0123abcd";
        let program = yard.build(&[], &["-trimpath", "-tags=special", flags]);
        let command = yard.with_checkout(&program).equal();
        // Neither the variables nor the order of the flags are in the file.
        let want = "-ldflags='-w -s -X main.version=v1.2.3 -X main.commit=0123abcd'";
        assert!(command.contains(want), "{command}");
        assert!(command.contains("-tags=special"), "{command}");
    }
}

#[test]
fn an_installed_module_is_built_again_from_what_the_file_names() {
    let mut yard = Yard::new("1.27.");
    let settings = ["GOOS=darwin", "GOARCH=arm64"];
    let program = yard.install(&settings, &["-trimpath", "-ldflags=-s -w"]);
    let answer = yard.reproduce(&program, &[]);
    let command = answer.equal();
    assert!(command.contains("go install"), "{command}");
    assert!(
        command.ends_with("example.com/tool/cmd/tool@v1.0.0"),
        "{command}"
    );
    let notes = answer.notes();
    assert!(notes.contains("has the sum that the file names"), "{notes}");
    assert!(notes.contains("no checksum database was asked"), "{notes}");
    assert!(!notes.contains("proved"), "{notes}");
}

#[test]
fn a_windows_program_with_another_spelling_of_its_flags_is_built_again() {
    let mut yard = Yard::new("1.27.");
    let settings = ["GOOS=windows", "GOARCH=amd64", "GOAMD64=v2"];
    let flags = "-ldflags=-X=main.version=v9 -s -w -extldflags=-static";
    let program = yard.build(&settings, &["-trimpath", flags]);
    let command = yard.with_checkout(&program).equal();
    assert!(command.contains("GOAMD64=v2"), "{command}");
    assert!(
        command.contains("'-X=main.version=v9 -s -w -extldflags=-static'"),
        "{command}"
    );
}

#[test]
fn folders_of_the_building_machine_are_had_without_touching_them() {
    let mut yard = Yard::new("1.27.");
    let program = yard.build(&[], &["-ldflags=-X main.version=v3"]);
    // The source moves; where it was, nothing is made.
    let moved = yard.at("moved");
    std::fs::rename(yard.source(), &moved).unwrap();
    let answer = yard.reproduce(&program, &["--source", moved.to_str().unwrap()]);
    let notes = answer.notes();
    if notes.contains("allows no namespace") {
        assert_eq!(answer.exit, 1, "{:#}", answer.brief());
    } else {
        answer.equal();
        let commands = answer.value["commands"].to_string();
        assert!(
            commands.contains(yard.source().to_str().unwrap()),
            "{commands}"
        );
    }
    assert!(!yard.source().exists());
}

#[test]
fn a_changed_tree_gives_its_stamp() {
    let mut yard = Yard::new("1.27.");
    yard.write("notes.txt", "not of the commit");
    let program = yard.build(&[], &["-trimpath"]);
    std::fs::remove_file(yard.source().join("notes.txt")).unwrap();
    let answer = yard.with_checkout(&program);
    answer.equal();
    assert!(
        answer.value["commands"].to_string().contains("touch"),
        "{:#}",
        answer.brief()
    );
    // With a change that is in the program, the checkout's own change is needed.
    yard.write(
        "cmd/tool/plain.go",
        "package main\n\nfunc kind() string { return \"changed\" }\n",
    );
    let program = yard.build(&[], &["-trimpath", "-tags=special2"]);
    let answer = yard.with_checkout(&program);
    answer.equal();
    assert_eq!(answer.value["steps"][0]["tree"], "changed");
}

#[test]
fn c_code_goes_into_the_program_again() {
    let mut yard = Yard::new("1.24.");
    yard.write(
        "cmd/tool/c.go",
        "package main\n\n// static int five(void) { return 5; }\nimport \"C\"\n\nfunc init() { println(C.five()) }\n",
    );
    testkit::git::commit_all(&yard.source());
    let program = yard.build(&["CGO_ENABLED=1"], &["-trimpath", "-ldflags=-s -w"]);
    yard.with_checkout(&program).equal();
}

#[test]
fn a_module_alone_gives_a_program_that_is_equal_but_for_the_stamp() {
    let mut yard = Yard::new("1.27.");
    let program = yard.build(&[], &["-trimpath", "-ldflags=-s -w"]);
    let answer = yard.reproduce(&program, &["--source", "example.com/tool@v1.0.0"]);
    assert_eq!(
        answer.value["verdict"],
        "equal-but-for-stamp",
        "{:#}",
        answer.brief()
    );
    assert_eq!(answer.exit, 1);
    let remaining = answer.value["remaining"].as_array().unwrap();
    assert_eq!(remaining.len(), 1, "{remaining:?}");
    assert_eq!(remaining[0]["cause"], "vcs-revision");
    // Flags that leave no trace but in the build ID, which the stamp changes too.
    let turned = yard.build(&[], &["-trimpath", "-ldflags=-w -s"]);
    let answer = yard.reproduce(&turned, &["--source", "example.com/tool@v1.0.0"]);
    assert_eq!(answer.value["verdict"], "equal-but-for-stamp");
    let command = answer.value["commands"].as_array().unwrap().last();
    let command = command.unwrap().as_str().unwrap();
    assert!(command.contains("-ldflags='-w -s'"), "{command}");
    assert!(!answer.notes().contains("nothing proves"));
    // Another version of the module is another program, stamp or not.
    yard.write(
        "cmd/tool/plain.go",
        "package main\n\nfunc kind() string { return \"other\" }\n",
    );
    yard.module("v1.1.0").write(&yard.at("proxy"));
    let answer = yard.reproduce(&program, &["--source", "example.com/tool@v1.1.0"]);
    assert_eq!(answer.value["verdict"], "different", "{:#}", answer.brief());
    assert_eq!(answer.exit, 1);
}

#[test]
fn a_module_around_the_source_is_made_again() {
    let mut yard = Yard::new("1.27.");
    let app = "package app\n\nfunc Run(version string) { println(\"app\", version) }\n";
    yard.write("app/app.go", app);
    let main = "package main\n\nimport \"example.com/tool/app\"\n\nvar version = \"dev\"\n\nfunc main() { app.Run(version) }\n";
    yard.write("cmd/tool/main.go", main);
    yard.module("v1.2.0").write(&yard.at("proxy"));
    let folder = yard.at("around");
    std::fs::create_dir(&folder).unwrap();
    let go_mod = "module around\n\ngo 1.21\n\nrequire example.com/tool v1.2.0\n";
    std::fs::write(folder.join("go.mod"), go_mod).unwrap();
    for name in ["main.go", "plain.go", "special.go"] {
        let from = yard.source().join("cmd/tool").join(name);
        std::fs::copy(from, folder.join(name)).unwrap();
    }
    let flags = [
        "-mod=mod",
        "-trimpath",
        "-ldflags=-s -w -X main.version=v1.2.0",
    ];
    let program = yard.build_in(&folder, &[], &flags, &["."]);
    let answer = yard.reproduce(&program, &["--source", "example.com/tool@v1.2.0"]);
    answer.equal();
    assert_eq!(answer.value["steps"][0]["tree"], "wrapper");
    assert!(
        answer.value["commands"]
            .to_string()
            .contains("module around")
    );
}

#[test]
fn a_program_built_by_its_files_is_built_by_them_again() {
    let mut yard = Yard::new("1.27.");
    let folder = yard.source().join("cmd/tool");
    let program = yard.build_in(&folder, &[], &["-trimpath"], &["main.go", "plain.go"]);
    let command = yard.with_checkout(&program).equal();
    assert!(
        command.ends_with("./cmd/tool/main.go ./cmd/tool/plain.go"),
        "{command}"
    );
}

#[test]
fn a_program_in_a_package_is_found_in_it() {
    let mut yard = Yard::new("1.27.");
    let program = yard.build(&[], &["-trimpath"]);
    let package = yard.at("tool.zip");
    let content = std::fs::read(&program).unwrap();
    let entries = [
        Entry::new("usr/bin/tool", &content),
        Entry::new("usr/share/doc", b"text"),
    ];
    std::fs::write(&package, zip::archive(&entries)).unwrap();
    let answer = yard.with_checkout(&package);
    answer.equal();
    assert_eq!(answer.value["file"]["inside"], "usr/bin/tool");
}

#[test]
fn a_program_that_was_only_signed_is_equal_but_for_the_signature() {
    let mut yard = Yard::new("1.27.");
    let settings = ["GOOS=windows", "GOARCH=amd64"];
    let program = yard.build(&settings, &["-trimpath", "-ldflags=-s -w"]);
    let signed = yard.at("signed.exe");
    let mut bytes = std::fs::read(&program).unwrap();
    signing::sign_pe(&mut bytes);
    std::fs::write(&signed, &bytes).unwrap();
    let answer = yard.with_checkout(&signed);
    assert_eq!(
        answer.value["verdict"],
        "equal-but-for-signature",
        "{:#}",
        answer.brief()
    );
    assert_eq!(answer.exit, 1);
    let remaining = answer.value["remaining"].to_string();
    let want = "only signed after go build (its signature, which was not checked, names Example Signer (Example Ltd))";
    assert!(remaining.contains(want), "{remaining}");
    // A byte of the code beside it is more than a signature.
    let last = bytes.len() / 2;
    bytes[last] ^= 1;
    std::fs::write(&signed, &bytes).unwrap();
    let answer = yard.with_checkout(&signed);
    assert_eq!(answer.value["verdict"], "different", "{:#}", answer.brief());
}
