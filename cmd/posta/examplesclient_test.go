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
		"posta talk uni": {on: labServer, before: []string{"posta talk --save-as uni smtp localhost"}, says: `S: 220`, piped: "QUIT\n"},
		"posta send --to ana@pepito.es --from luis@pepito.es --subject Hola --body Hola": {on: labServer, says: `(?s)C\| Hola\n.*queued as`},
		"posta send --to ana@pepito.es --from luis@pepito.es --message message.eml":      {on: labServer, says: `S: 250 2\.0\.0 `},
		"posta send --server mail.example.net --to ana@pepito.es --quit-after rcpt":      {on: labServer, says: `(?s)C: RCPT TO:<ana@pepito\.es>.*C: RSET`},
		"posta probe ana@example.net":    {status: exitAbsent, says: `127\.0\.0\.1:9`},
		"posta probe example.net --json": {status: exitAbsent, says: `"verdict":"dns"`},
		"posta probe ana@example.net --from luis@pepito.es --resolver 127.0.0.1:5353": {status: exitAbsent, says: `127\.0\.0\.1:5353`},
		"posta probe ana@example.net --server 192.0.2.7:2525":                         {status: exitAbsent, says: `127\.0\.0\.1:9`},
		"posta pop list --auth pepe@pepito.es":                                        {on: labServer, says: `luis@pepito\.es|Asunto`},
		"posta pop list --server mail.example.net --starttls --auth pepe --json":      {on: labServer, says: `"subject":"Asunto"`},
		"posta pop fetch --auth pepe@pepito.es":                                       {on: labServer, says: `Subject: Asunto`},
		"posta pop fetch --auth pepe@pepito.es --maildir Mail --delete":               {on: labServer, says: `2 (of|de) 2`},
		"posta pop fetch --server mail.example.net --starttls --auth pepe --mbox mbox": {on: labServer,
			says: `2 (of|de) 2`},
		"posta talk --list": {before: []string{"posta talk --save-as uni smtp 192.0.2.7:2525"}, says: `uni +smtp +127\.0\.0\.1:2525`},
	}
}
