package dsn

func englishAdvice() map[Cause]string {
	return map[Cause]string{
		NoUser:        "There is no such address there. Look whether it is written correctly, or ask the person for the right one.",
		BadAddress:    "The address is written in a way that the other server does not understand. Look whether it is written correctly.",
		Moved:         "The person is no longer at this address. Ask for the new one.",
		Disabled:      "The mailbox is closed at present. Reach the person in another way.",
		Full:          "The mailbox is full. Tell the person in another way, and send the message again when there is room.",
		TooLarge:      "The message is too large for the other server. Send it without the attachments, or put them where they can be downloaded.",
		NoDomain:      "The part behind the @ does not exist, or takes no mail. Look whether it is written correctly.",
		NoMail:        "This domain says that it takes no mail at all. Look for another address.",
		NoWay:         "No server was found for the domain. Look whether the part behind the @ is written correctly; if it is, its owner has to mend this.",
		Loop:          "The message went round in circles between servers. Their administrators have to mend this; tell the postmaster.",
		Expired:       "It was tried again and again until the time for that was over. Send it once more later, or reach the person in another way.",
		Silent:        "The other server does not answer, or breaks off. That is mostly a fault there which passes.",
		Unknown:       "The domain could not be looked up. That is mostly a fault which passes.",
		Blocked:       "The other server does not want this message, or none from here. Its words above may say why; show them to the postmaster.",
		Unproven:      "The other server does not believe that the message comes from the sender's domain. Show this to the postmaster.",
		NoTLS:         "No encrypted connection to the other server could be made, and without one the message must not leave. Show this to the postmaster.",
		LogIn:         "The server that passes mail on does not let this one in. Show this to the postmaster.",
		EightBit:      "The other server takes only plain 7-bit messages. Send it again with another mail program, or its text as an attachment.",
		International: "The other server knows no addresses with letters beyond a to z. Use another address, without them.",
		Content:       "The other server did not take what is in the message. Change it, leave attachments out, and send it again.",
		TooMany:       "The message has too many recipients for the other server. Send it to fewer at a time.",
		Returned:      "To learn why, ask the administrator: write to the postmaster.",
		Refused:       "The other server refused the message for good. Its words above say why.",
		Later:         "The other server asked for another try later. That is usual, and needs nothing from you.",
	}
}

func spanishAdvice() map[Cause]string {
	return map[Cause]string{
		NoUser:        "Esa dirección no existe allí. Mire si está bien escrita o pida a la persona la correcta.",
		BadAddress:    "La dirección está escrita de un modo que el otro servidor no entiende. Mire si está bien escrita.",
		Moved:         "La persona ya no está en esta dirección. Pídale la nueva.",
		Disabled:      "El buzón está cerrado por ahora. Póngase en contacto con la persona por otro medio.",
		Full:          "El buzón está lleno. Avise a la persona por otro medio y envíe el mensaje otra vez cuando haya sitio.",
		TooLarge:      "El mensaje es demasiado grande para el otro servidor. Envíelo sin los archivos adjuntos, o póngalos donde se puedan descargar.",
		NoDomain:      "La parte detrás de la @ no existe o no recibe correo. Mire si está bien escrita.",
		NoMail:        "Este dominio dice que no recibe ningún correo. Busque otra dirección.",
		NoWay:         "No se encontró ningún servidor para el dominio. Mire si la parte detrás de la @ está bien escrita; si lo está, tiene que arreglarlo su dueño.",
		Loop:          "El mensaje dio vueltas entre servidores. Tienen que arreglarlo sus administradores; avise al postmaster.",
		Expired:       "Se intentó una y otra vez hasta que se acabó el plazo. Envíelo de nuevo más tarde, o póngase en contacto con la persona por otro medio.",
		Silent:        "El otro servidor no contesta o corta la conexión. Casi siempre es una avería de allí que pasa.",
		Unknown:       "No se pudo averiguar dónde está el dominio. Casi siempre es una avería que pasa.",
		Blocked:       "El otro servidor no quiere este mensaje, o ninguno de aquí. Sus palabras de arriba quizá digan por qué; enséñeselas al postmaster.",
		Unproven:      "El otro servidor no cree que el mensaje venga del dominio del remitente. Enseñe esto al postmaster.",
		NoTLS:         "No se pudo cifrar la conexión con el otro servidor, y sin cifrar el mensaje no debe salir. Enseñe esto al postmaster.",
		LogIn:         "El servidor que reparte el correo no deja entrar a este. Enseñe esto al postmaster.",
		EightBit:      "El otro servidor solo acepta mensajes de 7 bits. Envíelo con otro programa de correo, o el texto como archivo adjunto.",
		International: "El otro servidor no conoce direcciones con letras como la ñ. Use otra dirección que no las tenga.",
		Content:       "El otro servidor no aceptó lo que lleva el mensaje. Cámbielo, quite los archivos adjuntos y envíelo otra vez.",
		TooMany:       "El mensaje tiene demasiados destinatarios para el otro servidor. Envíelo a menos cada vez.",
		Returned:      "Para saber por qué, pregunte al administrador: escriba al postmaster.",
		Refused:       "El otro servidor rechazó el mensaje para siempre. Sus palabras de arriba dicen por qué.",
		Later:         "El otro servidor pidió que se intente más tarde. Es corriente, y usted no tiene que hacer nada.",
	}
}
