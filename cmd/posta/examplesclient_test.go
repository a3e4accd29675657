package main

// clientScenes are the examples of the commands that speak to servers.
func clientScenes() map[string]trial {
	return map[string]trial{
		"posta talk smtp": {on: labServer, says: `S: 220 .*\n +(now|ahora): EHLO`, piped: "QUIT\n"},
		"posta talk pop3 mail.example.net --starttls":        {on: labServer, says: `(?s)S: \+OK.*STLS.*S: \+OK`, piped: "QUIT\n"},
		"posta talk smtp '[::1]:2525'":                       {on: labServer, status: exitAbsent, says: `\[::1\]:2525`},
		"posta talk smtp --save hello.talk":                  {on: labServer, says: `hello\.talk`, piped: "QUIT\n"},
		"posta talk --script hello.talk smtp localhost:2525": {on: labServer, says: `hello\.talk`},
		"posta talk --save-as uni smtp 192.0.2.7:2525":       {says: `posta talk uni`},
		"posta talk uni":    {on: labServer, before: []string{"posta talk --save-as uni smtp localhost"}, says: `S: 220`, piped: "QUIT\n"},
		"posta talk --list": {before: []string{"posta talk --save-as uni smtp 192.0.2.7:2525"}, says: `uni +smtp +127\.0\.0\.1:2525`},
	}
}
