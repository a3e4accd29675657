package dsn

import (
	"fmt"
	"time"

	"posta/imf"
)

// Words are what a report says to a person. Each text may be in any language;
// the status part stays the same for programs.
type Words struct {
	Language  string // "en", for Content-Language
	Sender    string // the display name the report comes from, before the host's
	Subject   map[Action]string
	Opening   string            // says who speaks, and of what; %s are the host and the message
	Message   Naming            // the message
	OfList    ListWords         // what a list's owner is told instead
	Instead   ListWords         // of OfList, Subject and Opening, where the postmaster reads it in the owner's place
	Ownerless ListWords         // what who wrote to a list without an owner is told instead
	Unheard   ListWords         // what the postmaster is told where it could not go to who wrote; the sender stands in a list's place
	Became    map[Action]string // one line for a recipient; %s is the address
	SentOn    map[Action]string // the same, where it is an address that the named one sends mail on to which had the trouble
	SentOnTo  map[Action]string // the same of several such addresses; %s is the address and %d how many
	Barred    BarredWords       // where a mailing list behind the address is barred to the sender
	OneOf     string            // one line for a mailbox among those behind an address that failed; %s are the address and the mailbox
	KeptToo   string            // one line for an address whose mailbox has it, and which sends it on; %s is the address
	ToList    string            // one line for a mailing list that has it; %s is the address
	Answer    string            // stands before the other server's reply
	Reason    string            // stands before a Recipient's Reason
	Returned  string            // stands in its place, where an administrator returned the message
	Before    string            // stands before what came of the last try, where one was Returned
	Advice    map[Cause]string  // what went wrong, and what the reader can do
	Behind    string            // stands in the place of an Advice on the address, where the sender did not write that address
	Until     string            // stands before the time at which a Delayed is given up
	Closing   map[Action]string
	Attached  string // says what follows

	Date func(t time.Time) string // says when; nil: as a header does

	Own func(reason string) string // says a Recipient's Reason, which is English, and leaves what it does not know; nil: all
}

// Naming is how the message that a report is about is called.
type Naming struct {
	Titled string // %s are its subject and its date
	Dated  string // it has no subject; %s is its date
	Any    string // nothing is known of it
}

// BarredWords are what is said of a mailing list, behind an address, to which the
// sender may not write. They don't name the list.
type BarredWords struct {
	Became map[Action]string // one line; %s is the address
	Advice string
}

// ListWords are what a report on members of a mailing list says to its owner, or
// where it has none to who wrote to it.
type ListWords struct {
	Subject map[Action]string // without one, that of everybody
	Opening string            // says who speaks and of what; %s are the host, the message and the list
	Message Naming            // the message
	Member  string            // stands in the place of an Advice on the address; %s are address and list
	Closing map[Action]string // without one, that of everybody
}

// English gives the words in English.
func English() Words {
	return Words{
		Language: "en",
		Sender:   "Mail delivery",
		Subject: map[Action]string{
			Failed:    "Your message could not be delivered",
			Delayed:   "Your message is delayed",
			Delivered: "Your message was delivered",
			Relayed:   "Your message was passed on",
			Expanded:  "Your message was sent on to several people",
		},
		Opening: "This is the mail server %s. It writes about %s.",
		Message: Naming{Titled: "your message \"%s\" of %s", Dated: "your message of %s", Any: "a message of yours"},
		OfList: ListWords{
			Subject: map[Action]string{
				Failed:  "A member of your mailing list could not be reached",
				Delayed: "A member of your mailing list gets a message late",
			},
			Opening: "This is the mail server %[1]s. It writes to you as the owner of the mailing list %[3]s, about %[2]s.",
			Message: Naming{Titled: "the message \"%s\" of %s, which was sent to it", Dated: "the message of %s, which was sent to it",
				Any: "a message that was sent to it"},
			Member: "%s is a member of the list. If the address stays out of reach, the administrator takes it off with" +
				" \"posta mailing-list set %s --remove-member ADDRESS\".",
			Closing: map[Action]string{Failed: "Where it failed it will not be tried again; the others are not affected.",
				Delayed: "It is tried again by itself; you need do nothing."},
		},
		Instead: ListWords{
			Subject: map[Action]string{
				Failed:  "A member of a mailing list could not be reached",
				Delayed: "A member of a mailing list gets a message late",
			},
			Opening: "This is the mail server %[1]s. It writes to you as the postmaster, for this could not go to the owner of the mailing list %[3]s," +
				" about %[2]s.",
		},
		Ownerless: ListWords{
			Subject: map[Action]string{
				Failed:  "A member of a mailing list that you wrote to could not be reached",
				Delayed: "A member of a mailing list that you wrote to gets your message late",
			},
			Opening: "This is the mail server %[1]s. It writes about %[2]s, which you sent to the mailing list %[3]s.",
			Message: Naming{Titled: "your message \"%s\" of %s", Dated: "your message of %s", Any: "a message of yours"},
			Member: "%s is a member of the list. You need do nothing, for you did not write that address. The list %s has no owner" +
				" who would be told instead: if this comes again and again, show it to the postmaster.",
			Closing: map[Action]string{Failed: "Where it failed it will not be tried again; the others are not affected.",
				Delayed: "You need not send it again."},
		},
		Unheard: ListWords{
			Subject: map[Action]string{Failed: "A message could not be delivered, and its sender does not know"},
			Opening: "This is the mail server %[1]s. It writes to you as the postmaster, for this could not go to the sender %[3]s," +
				" about %[2]s.",
			Message: Naming{Titled: "the message \"%s\" of %s", Dated: "a message of %s", Any: "a message"},
			Closing: map[Action]string{Failed: "Where it failed it will not be tried again. Tell the sender, if you know who that is."},
		},
		Became: map[Action]string{
			Failed:    "%s: it could not be delivered.",
			Delayed:   "%s: it could not be delivered yet.",
			Delivered: "%s: it was delivered to the mailbox.",
			Relayed:   "%s: it was passed to a server that sends no reports.",
			Expanded:  "%s: it was sent on to the addresses behind this one.",
		},
		SentOn: map[Action]string{
			Failed:  "%s: mail for it is sent on to another address, and that failed.",
			Delayed: "%s: mail for it is sent on to another address, and that did not work yet.",
		},
		SentOnTo: map[Action]string{
			Failed:  "%s: mail for it is sent on to other addresses, and to %d of them that failed.",
			Delayed: "%s: mail for it is sent on to other addresses, and to %d of them that did not work yet.",
		},
		Barred: BarredWords{
			Became: map[Action]string{
				Failed:    "%s: a mailing list is behind this address, and did not get it: you may not write to it.",
				Delivered: "%s: it was delivered, but not to a mailing list that is behind it: you may not write to it.",
				Expanded:  "%s: it was sent on, but not to a mailing list that is behind it: you may not write to it.",
			},
			Advice: "Others behind the address are not affected. Whoever is to write to the list has to be made a member or its owner: ask the postmaster.",
		},
		OneOf:    "%s: it could not be delivered to %s, one of those behind this address.",
		KeptToo:  "%s: it was delivered to the mailbox, and sent on as well.",
		ToList:   "%s: the mailing list has it and sends it on to its members.",
		Answer:   "The other server's answer:",
		Reason:   "The reason:",
		Returned: "The administrator of this server returned it.",
		Before:   "What the last try gave:",
		Advice:   englishAdvice(),
		Behind:   "The address that you wrote to exists, and may have the message; the one behind it has to be mended by its owner. Tell the person.",
		Until:    "It will be tried again until",
		Closing: map[Action]string{
			Failed:    "Where it failed it will not be tried again. If you need help, write to the postmaster.",
			Delayed:   "You need not send it again.",
			Delivered: "You asked for this report. Delivered does not mean read.",
			Relayed:   "You asked for this report.",
			Expanded:  "You asked for this report.",
		},
		Attached: "The details for programs and your message, or its header, follow.",
	}
}

// Spanish gives the words in Spanish.
func Spanish() Words {
	return Words{
		Language: "es",
		Sender:   "Servicio de correo",
		Subject: map[Action]string{
			Failed:    "Su mensaje no se pudo entregar",
			Delayed:   "Su mensaje lleva retraso",
			Delivered: "Su mensaje se entregó",
			Relayed:   "Su mensaje se pasó a otro servidor",
			Expanded:  "Su mensaje se envió a varias personas",
		},
		Opening: "Este es el servidor de correo %s. Le escribe sobre %s.",
		Message: Naming{Titled: "su mensaje «%s» del %s", Dated: "su mensaje del %s", Any: "un mensaje suyo"},
		OfList: ListWords{
			Subject: map[Action]string{
				Failed:  "No se pudo llegar a un miembro de su lista de correo",
				Delayed: "Un miembro de su lista de correo recibe un mensaje con retraso",
			},
			Opening: "Este es el servidor de correo %[1]s. Le escribe como a dueño de la lista de correo %[3]s, sobre %[2]s.",
			Message: Naming{Titled: "el mensaje «%s» del %s, que se envió a ella", Dated: "el mensaje del %s, que se envió a ella",
				Any: "un mensaje que se envió a ella"},
			Member: "%s es miembro de la lista. Si la dirección sigue sin recibir correo, el administrador la quita con" +
				" «posta mailing-list set %s --remove-member DIRECCIÓN».",
			Closing: map[Action]string{Failed: "Donde falló no se volverá a intentar; a los demás no les afecta.",
				Delayed: "Se vuelve a intentar por sí solo; usted no tiene que hacer nada."},
		},
		Instead: ListWords{
			Subject: map[Action]string{
				Failed:  "No se pudo llegar a un miembro de una lista de correo",
				Delayed: "Un miembro de una lista de correo recibe un mensaje con retraso",
			},
			Opening: "Este es el servidor de correo %[1]s. Le escribe como a postmaster, porque esto no pudo ir al dueño de la lista de correo %[3]s," +
				" sobre %[2]s.",
		},
		Ownerless: ListWords{
			Subject: map[Action]string{
				Failed:  "No se pudo llegar a un miembro de una lista de correo a la que usted escribió",
				Delayed: "Un miembro de una lista de correo a la que usted escribió recibe su mensaje con retraso",
			},
			Opening: "Este es el servidor de correo %[1]s. Le escribe sobre %[2]s, que usted envió a la lista de correo %[3]s.",
			Message: Naming{Titled: "su mensaje «%s» del %s", Dated: "su mensaje del %s", Any: "un mensaje suyo"},
			Member: "%s es miembro de la lista. Usted no tiene que hacer nada: no escribió esa dirección. La lista %s no tiene dueño" +
				" a quien avisar en su lugar: si esto se repite, muéstreselo al postmaster.",
			Closing: map[Action]string{Failed: "Donde falló no se volverá a intentar; a los demás no les afecta.",
				Delayed: "No hace falta que lo envíe otra vez."},
		},
		Unheard: ListWords{
			Subject: map[Action]string{Failed: "Un mensaje no se pudo entregar, y su remitente no lo sabe"},
			Opening: "Este es el servidor de correo %[1]s. Le escribe como a postmaster, porque esto no pudo ir al remitente %[3]s," +
				" sobre %[2]s.",
			Message: Naming{Titled: "el mensaje «%s» del %s", Dated: "un mensaje del %s", Any: "un mensaje"},
			Closing: map[Action]string{Failed: "Donde falló no se volverá a intentar. Avise al remitente, si sabe quién es."},
		},
		Became: map[Action]string{
			Failed:    "%s: no se pudo entregar.",
			Delayed:   "%s: todavía no se pudo entregar.",
			Delivered: "%s: se entregó en el buzón.",
			Relayed:   "%s: se pasó a un servidor que no envía avisos.",
			Expanded:  "%s: se envió a las direcciones que hay detrás de esta.",
		},
		SentOn: map[Action]string{
			Failed:  "%s: su correo se reenvía a otra dirección, y eso falló.",
			Delayed: "%s: su correo se reenvía a otra dirección, y eso todavía no se logró.",
		},
		SentOnTo: map[Action]string{
			Failed:  "%s: su correo se reenvía a otras direcciones, y con %d de ellas falló.",
			Delayed: "%s: su correo se reenvía a otras direcciones, y con %d de ellas todavía no se logró.",
		},
		Barred: BarredWords{
			Became: map[Action]string{
				Failed:    "%s: detrás de esta dirección hay una lista de correo que no lo recibió: usted no puede escribir a ella.",
				Delivered: "%s: se entregó, pero no a una lista de correo que hay detrás: usted no puede escribir a ella.",
				Expanded:  "%s: se reenvió, pero no a una lista de correo que hay detrás: usted no puede escribir a ella.",
			},
			Advice: "A los demás que hay detrás de la dirección no les afecta. Quien deba escribir a la lista tiene que ser miembro o dueño de ella: consulte al postmaster.",
		},
		OneOf:    "%s: no se pudo entregar a %s, que está entre las que hay detrás de esta dirección.",
		KeptToo:  "%s: se entregó en el buzón, y además se reenvió.",
		ToList:   "%s: lo tiene la lista de correo, que lo envía a sus miembros.",
		Answer:   "La respuesta del otro servidor:",
		Reason:   "El motivo:",
		Returned: "El administrador de este servidor lo devolvió.",
		Before:   "Lo que dio el último intento:",
		Advice:   spanishAdvice(),
		Behind:   "La dirección a la que usted escribió existe, y quizá tenga el mensaje; la que hay detrás tiene que arreglarla su dueño. Avise a la persona.",
		Date:     spanishDate,
		Until:    "Se volverá a intentar hasta el",
		Closing: map[Action]string{
			Failed:    "Donde falló no se volverá a intentar. Si necesita ayuda, escriba al postmaster.",
			Delayed:   "No hace falta que lo envíe otra vez.",
			Delivered: "Usted pidió este aviso. Entregado no quiere decir leído.",
			Relayed:   "Usted pidió este aviso.",
			Expanded:  "Usted pidió este aviso.",
		},
		Attached: "Siguen los detalles para los programas y su mensaje, o su cabecera.",
	}
}

// own says a text of posta's.
func (w *Words) own(text string) string {
	if w.Own == nil {
		return text
	}
	return w.Own(text)
}

// date says a point in time.
func (w *Words) date(t time.Time) string {
	if w.Date == nil {
		return imf.FormatDate(t)
	}
	return w.Date(t)
}

func spanishDate(t time.Time) string {
	days := [...]string{"domingo", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado"}
	months := [...]string{"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"}
	return fmt.Sprintf("%s, %d de %s de %d, %s", days[t.Weekday()], t.Day(), months[t.Month()-1], t.Year(), t.Format("15:04:05 -0700"))
}
