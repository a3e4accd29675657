package directorytest

// AuthorityPEM is the certificate of an authority of nobody's, for routes that believe it.
const AuthorityPEM = "-----BEGIN CERTIFICATE-----\n" +
	"MIIBXTCCAQ+gAwIBAgIUBRqT7nOBKqPTHRuNGC/9RmPItNowBQYDK2VwMCMxEDAO\n" +
	"BgNVBAoMB0VzY3VlbGExDzANBgNVBAMMBkxhYiBDQTAgFw0yNjExMjcwMzQzMDla\n" +
	"GA8yMTI2MTEwMzAzNDMwOVowIzEQMA4GA1UECgwHRXNjdWVsYTEPMA0GA1UEAwwG\n" +
	"TGFiIENBMCowBQYDK2VwAyEAEDrrp3VtCXMrH6o5dmud+hGHMptOLPNJX+K7qMeb\n" +
	"KWmjUzBRMB0GA1UdDgQWBBQ1Z+eNQyT5Hqi5GpBxkNezSTwVbTAfBgNVHSMEGDAW\n" +
	"gBQ1Z+eNQyT5Hqi5GpBxkNezSTwVbTAPBgNVHRMBAf8EBTADAQH/MAUGAytlcANB\n" +
	"ABKk/4VHqzfEbtO4B4b0DUpYvZV6z2Y7hfT54mhPVaQHvBA2L93oDv9m/NUauBxH\n" +
	"KgPOGOYlU0j8K5Otd9Z/ZgQ=\n" +
	"-----END CERTIFICATE-----\n"
