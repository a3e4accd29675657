package smtpserver

import "strings"

const labHelo = `
	S: 220 mx.example ESMTP posta (lab)
	C: HELO a.example
	S: 250 mx.example Hello a.example
`

var labDialogues = []dialogue{
	{"a web page in the lab", lab, `
		S: 220…
		C: GET / HTTP/1.1
		S: <closed>`},
	{"a browser's header", lab, `
		S: 220…
		C: Host: mx.example
		S: <closed>`},
	{"the laboratory's first dialogue", lab, `
		S: 220 mx.example ESMTP posta (lab)
		C: HELO jaramillo.edu.ec
		S: 250 mx.example Hello jaramillo.edu.ec
		C: MAIL FROM: luis@jaramillo.edu.ec
		S: 250 2.1.0 OK (the RFC's form is MAIL FROM:<luis@jaramillo.edu.ec>)
		C: RCPT TO: gorka@jaramillo.edu.ec
		S: 250 2.1.5 OK (the RFC's form is RCPT TO:<gorka@jaramillo.edu.ec>)
		C: DATA
		S: 354…
		C: luis jaramillo uday
		C: .
		S: 250 2.0.0 OK: queued as Q1`},
	{"the laboratory's second dialogue", lab, `
		S: 220 mx.example ESMTP posta (lab)
		C: HELO arquiredes.net
		S: 250 mx.example Hello arquiredes.net
		C: AUTH LOGIN
		S: 334 VXNlcm5hbWU6
		C: cGVwZQ==
		S: 334 UGFzc3dvcmQ6
		C: c2VjcmV0bw==
		S: 235 2.7.0 Authentication successful
		C: MAIL FROM: pepe@pepito.es
		S: 250 2.1.0 OK (the RFC's form is MAIL FROM:<pepe@pepito.es>)
		C: RCPT TO: usuario@servidor.es
		S: 250 2.1.5 OK (the RFC's form is RCPT TO:<usuario@servidor.es>)
		C: DATA
		S: 354…
		C: subject: Asunto
		C: Este mensaje es de prueba.
		C: Probamos el protocolo SMTP.
		C: .
		S: 250 2.0.0 OK: queued as Q1
		C: QUIT
		S: 221 2.0.0 Bye
		S: <closed>`},
	{"a whole dialogue pasted in the lab", lab, `
		C: HELO jaramillo.edu.ec
		C: MAIL FROM: luis@jaramillo.edu.ec
		C: RCPT TO: gorka@jaramillo.edu.ec
		C: DATA
		C: luis jaramillo uday
		C: .
		C: QUIT
		S: 220…
		S: 250…
		S: 250…
		S: 250…
		S: 354…
		S: 250 2.0.0 OK: queued as Q1
		S: 221…
		S: <closed>`},
	{"VERFY in the lab", lab, labHelo + `
		C: VERFY pepe
		S: 250-2.1.5 VERFY taken as VRFY, which is how RFC 5321 spells it
		S: 250 2.1.5 <pepe@pepito.es>
		C: VERFY nadie
		S: 550-5.1.1 VERFY taken as VRFY…
		S: 550 5.1.1 No such user`},
	{"EHLO in the lab", labSubmission, `
		S: 220…
		C: EHLO mi pc
		S: 250-mx.example Hello
		S: 250-SIZE 1000
		S: 250-PIPELINING
		S: 250-8BITMIME
		S: 250-SMTPUTF8
		S: 250-CHUNKING
		S: 250-ENHANCEDSTATUSCODES
		S: 250-DSN
		S: 250-AUTH SCRAM-SHA-256 PLAIN LOGIN
		S: 250-EXPN
		S: 250 HELP
		C: MAIL FROM:<a@b>
		S: 530 5.7.0 Authentication required
		C: AUTH PLAIN AHBlcGUAc2VjcmV0bw==
		S: 235 2.7.0 Authentication successful
		C: MAIL FROM:<a@b> RET=HDRS ENVID=x AUTH=a@b
		S: 250 2.1.0 OK
		C: RCPT TO:<a@b> NOTIFY=SUCCESS ORCPT=rfc822;a@b
		S: 250 2.1.5 OK
		C: AUTH PLAIN
		S: 503 5.5.1 Somebody is logged in already`},
	{"the lab never tires", lab, labHelo + strings.Repeat("C: X\nS: 500…\n", 50) +
		strings.Repeat("C: AUTH PLAIN AHBlcGUAeA==\nS: 535 5.7.8 Authentication credentials invalid\n", 5)},
	{"hMailServer's words", hmail, `
		S: 220 mx.example ESMTP
		C: MAIL FROM:<a@b>
		S: 503 Bad sequence of commands
		C: HELO a
		S: 250 Hello.
		C: MAIL FROM: a@b
		S: 250 OK
		C: RCPT TO:<nadie@b>
		S: 550 No such user
		C: RCPT TO: a@b
		S: 250 OK
		C: DATA
		S: 354 OK, send.
		C: x
		C: .
		S: 250 Queued (0.000 seconds)
		C: EHLO a
		S: 250-mx.example
		S: 250-SIZE 1000
		S: 250-PIPELINING
		S: 250-8BITMIME
		S: 250-SMTPUTF8
		S: 250-CHUNKING
		S: 250-DSN
		S: 250-AUTH SCRAM-SHA-256 PLAIN LOGIN
		S: 250-EXPN
		S: 250 HELP
		C: FOO
		S: 500 Command not recognized; HELP lists those that are`},
	{"AUTH", labSubmission, labHelo + `
		C: AUTH
		S: 501 5.5.4…
		C: AUTH CRAM-MD5
		S: 504 5.5.4…
		C: AUTH SCRAM-SHA-256-PLUS
		S: 504 5.5.4…
		C: AUTH PLAIN
		S: 334 
		C: *
		S: 501 5.7.0 Authentication cancelled
		C: AUTH PLAIN =
		S: 501-5.5.2…
		S: 501 5.5.2 The name and the password travel in base64…
		C: AUTH PLAIN a=b
		S: 501-5.5.2 The response is not valid base64
		S: 501 5.5.2 The name…
		C: AUTH PLAIN
		S: 334 
		C: =AAA
		S: 501-5.5.2 The response is not valid base64
		S: 501 5.5.2 The name…
		C: AUTH PLAIN AHBlcGUAeA==
		S: 535 5.7.8 Authentication credentials invalid
		C: AUTH PLAIN AG9jdXBhZG8AeA==
		S: 454 4.7.0…
		C: AUTH PLAIN AHJvdG8AeA==
		S: 454 4.7.0…
		C: AUTH LOGIN cGVwZQ==
		S: 334 UGFzc3dvcmQ6
		C: c2VjcmV0bw==
		S: 235 2.7.0 Authentication successful
		C: MAIL FROM:<a@b>
		S: 250 2.1.0 OK`},
	{"AUTH inside a message", lab, labHelo + `
		C: MAIL FROM:<a@b>
		S: 250…
		C: AUTH PLAIN AHBlcGUAc2VjcmV0bw==
		S: 503 5.5.1 AUTH cannot stand inside a message; RSET forgets it`},
	{"AUTH not configured", func(c *Config) { c.Mode, c.Auth = 1, nil }, labHelo + `
		C: AUTH PLAIN
		S: 502 5.5.1 AUTH is not served here`},
	{"AUTH before HELO", lab, `
		S: 220…
		C: AUTH PLAIN
		S: 503 5.5.1 Send HELO or EHLO first`},
}
