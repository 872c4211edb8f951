// Package readertest holds no code but tests: they open the HTML report in Chromium, at the widths of a phone and of a
// desk, in every language, light and dark, with axe-core looking for what keeps somebody from reading it, and have SARIF's
// own validator read the SARIF report.
//
// They need Debian's chromium, and the npm packages of .ci/run in the directory that CANPULL_NODE_MODULES names. Where one
// of these is missing they skip; where CI is set they fail. CANPULL_SCREENSHOTS names a directory to leave pictures in.
package readertest
