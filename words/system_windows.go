package words

import "golang.org/x/sys/windows"

// System gives the language in which Windows shows itself to the user, "es-EC",
// or "". It is not the one of the formats, which people in a foreign country
// change without wanting to read its language.
func System() string {
	languages, err := windows.GetUserPreferredUILanguages(windows.MUI_LANGUAGE_NAME)
	if err != nil || len(languages) == 0 {
		return ""
	}
	return languages[0]
}
