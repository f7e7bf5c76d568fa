//! What one file tells, as a table of names and values.

use std::io;

use super::{Color, Printer, clean, describe, size};
use crate::image::linkage::{Linkage, Versions};
use crate::report::{File, Module, Report};

impl Printer<'_> {
    pub(super) fn inspected(&mut self, report: &Report) -> io::Result<()> {
        for (index, file) in report.files.iter().enumerate() {
            if index > 0 {
                writeln!(self.out)?;
            }
            let path = self.paint(&clean(&file.path), Color::Bold);
            writeln!(self.out, "{path}")?;
            self.identity(file)?;
            self.build_info(file)?;
            self.sources(file)?;
            file.problems
                .iter()
                .try_for_each(|problem| self.row("unreadable", problem))?;
            if self.style.verbose {
                for section in &file.sections {
                    let value = format!(
                        "{:#010x} {:>10}  {}",
                        section.offset, section.size, section.name
                    );
                    self.row("section", &value)?;
                }
            }
        }
        Ok(())
    }

    fn identity(&mut self, file: &File) -> io::Result<()> {
        let kind = file
            .format
            .kind
            .map_or_else(String::new, |kind| format!(", {kind}"));
        self.row("format", &format!("{}{kind}", describe(file)))?;
        self.row(
            "size",
            &format!("{} ({} bytes)", size(file.size), file.size),
        )?;
        self.row("sha256", &file.sha256)?;
        if let Some(id) = &file.build_id {
            self.row(
                "build ID",
                &format!("{} ({}, at {:#x})", id.text, id.kind, id.offset),
            )?;
            // Painted by us, so it is not cleaned again.
            let check = self.self_check(file);
            self.painted_row("self-check", &check)?;
        }
        if let Some(id) = &file.host_id {
            let origin = match id.origin {
                "go" => "derived from the Go build ID",
                "other" => "set by hand or by the host's linker",
                _ => "origin unknown",
            };
            self.row(
                &format!("{} ID", id.kind),
                &format!("{} ({origin})", id.value),
            )?;
        }
        file.format
            .interpreter
            .iter()
            .try_for_each(|path| self.row("interpreter", path))?;
        self.linkage(&file.linkage)?;
        self.debug(file)?;
        file.format
            .producers
            .iter()
            .try_for_each(|producer| self.row("producer", producer))
    }

    fn debug(&mut self, file: &File) -> io::Result<()> {
        let Some(debug) = &file.debug else {
            return Ok(());
        };
        for made in &debug.producers {
            let value = format!(
                "{} ({} units of {})",
                made.producer, made.units, made.language
            );
            self.row("compiled by", &value)?;
        }
        debug
            .folders
            .iter()
            .try_for_each(|folder| self.row("compiled in", folder))
    }

    fn linkage(&mut self, linkage: &Linkage) -> io::Result<()> {
        match linkage.is_static {
            Some(true) => self.row("linkage", "static: nothing is loaded beside it")?,
            Some(false) => self.row("linkage", "dynamic")?,
            None => {}
        }
        let highest = |library: &Versions| {
            let names = library.names.last().map_or("", String::as_str);
            format!("{} asked for up to {names}", library.library)
        };
        let mut rows: Vec<(&str, String)> = Vec::new();
        rows.extend(linkage.name.iter().map(|name| ("own name", name.clone())));
        rows.extend(
            linkage
                .libraries
                .iter()
                .map(|name| ("library", name.clone())),
        );
        rows.extend(
            linkage
                .versions
                .iter()
                .map(|library| ("versions", highest(library))),
        );
        rows.extend(
            linkage
                .search_paths
                .iter()
                .map(|path| (path.kind, path.path.clone())),
        );
        if !linkage.flags.is_empty() {
            rows.push(("link flags", linkage.flags.join(" ")));
        }
        rows.extend(
            linkage
                .linker
                .iter()
                .map(|linker| ("linker", linker.clone())),
        );
        if let Some(platform) = &linkage.platform {
            let built = format!(
                "{} {}, SDK {}",
                platform.name, platform.minimum, platform.sdk
            );
            rows.push(("built for", built));
            rows.extend(platform.tools.iter().map(|tool| ("tool", tool.clone())));
        }
        rows.iter()
            .try_for_each(|(name, value)| self.row(name, value))
    }

    fn build_info(&mut self, file: &File) -> io::Result<()> {
        file.go_version
            .iter()
            .try_for_each(|version| self.row("go", version))?;
        if let Some(info) = &file.build_info {
            info.path
                .iter()
                .try_for_each(|path| self.row("path", path))?;
            info.main
                .iter()
                .try_for_each(|module| self.module("mod", module))?;
            info.deps
                .iter()
                .try_for_each(|module| self.module("dep", module))?;
            for setting in &info.settings {
                self.row("build", &format!("{}={}", setting.key, setting.value))?;
            }
        }
        let variables = file.variables.iter().flatten();
        variables
            .into_iter()
            .try_for_each(|set| self.row("-X", &format!("{}={}", set.key, set.value)))
    }

    fn module(&mut self, word: &str, module: &Module) -> io::Result<()> {
        let line = format!("{} {} {}", module.path, module.version, module.sum);
        self.row(word, line.trim_end())?;
        match &module.replace {
            Some(by) => self.module("  =>", by),
            None => Ok(()),
        }
    }

    fn sources(&mut self, file: &File) -> io::Result<()> {
        let Some(sources) = &file.sources else {
            return Ok(());
        };
        let count = format!(
            "{} files named, {} by an absolute path",
            sources.files, sources.absolute
        );
        self.row("sources", &count)?;
        let found = [
            ("GOROOT", &sources.goroot),
            ("GOMODCACHE", &sources.module_cache),
            ("source tree", &sources.tree),
        ];
        found
            .into_iter()
            .try_for_each(|(name, path)| path.iter().try_for_each(|path| self.row(name, path)))
    }

    fn row(&mut self, name: &str, value: &str) -> io::Result<()> {
        self.painted_row(name, &clean(value))
    }

    fn painted_row(&mut self, name: &str, value: &str) -> io::Result<()> {
        let name = self.paint(&format!("{name:<12}"), Color::Dim);
        writeln!(self.out, "  {name} {value}")
    }
}
