package config

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

const referenceHead = `# Settings

Every setting is a flag, an environment variable and a key of the YAML file that ` + "`--config`" + ` names. The first of
these that has a value wins: flag, environment, file, default. With ` + "`_FILE`" + ` at the end of a variable's name the value
is read from the file it names (one line end at its end does not count). Keys of the YAML file are the names of the
flags without their hyphens in front.

An unknown name or a value that makes no sense is an error that names it (exit code 2). Durations are written as in
` + "`90s`, `30m`, `168h`" + ` and are one second or more. The sealing key's file, and a YAML file that holds the key, is refused
when its group may write it or others may read or write it: ` + "`chmod 600`" + `, or ` + "`640`" + ` where it belongs to root and the
service's group. Containers often mount secrets as ` + "`0444`" + `; ask for ` + "`0400`" + ` there. Variables beginning with
` + "`VESTIBULE_TEST_`" + ` and those Kubernetes sets for a service called vestibule are ignored.

What describes one act of a command — a name, a role, an address, ` + "`--password-stdin`" + `, ` + "`--with-hashes`" + `, ` + "`--partial`" + `,
` + "`--now`" + ` — is a flag of that command only: the environment and the file do not give it
([why](../decisions/0014-what-one-act-is-about-is-a-flag.md)). ` + "`VESTIBULE_TENANT`" + ` and ` + "`VESTIBULE_OUTPUT`" + ` are taken, as
` + "`--tenant`" + ` and ` + "`--output`" + `.

| flag | environment | default | what it is |
|---|---|---|---|
`

// Reference is docs/reference/config.md: every flag of serve and demo, its
// variable, default and meaning. It panics when the flags' tags are wrong.
func Reference() string {
	var cli struct {
		Database
		Serve
	}
	model, err := newModel(&cli, kong.NoDefaultHelp())
	if err != nil {
		panic(err)
	}
	var page strings.Builder
	page.WriteString(referenceHead)
	for _, flag := range model.Model.Flags {
		fmt.Fprintf(&page, "| `--%s` | `%s` | %s | %s |\n",
			flag.Name, variable(flag.Name), cell(flag.Default), strings.ReplaceAll(flag.Help, "|", `\|`))
	}
	return page.String()
}

func cell(text string) string {
	if text == "" {
		return "none"
	}
	return "`" + text + "`"
}
