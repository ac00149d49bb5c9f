// Tokens and keys, made once with another implementation. Their payload:
// {"iss": "https://issuer.example", "sub": "someone", "aud": "service", "exp": 4102444800}
#pragma once

namespace outrigger::filters::test {

// All public keys and the secret, each with a kid of its own.
inline constexpr char kKeys[] =
    "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"rsa\",\"n\":\"psUUp0AgS01n7qSY-iptzWZsiAG5e1YZX_"
    "M55t0JlzhQZpiku"
    "P2wDrhLm8mpz_lDsGKSEoXEkWPeAUDLRkRcXMchwktVO-E99xsHqmJRvxZYTkoRCvZlfLcZ93ekbyu0JykseSS-w"
    "cdBQxPka-n249GzMUSdA1pPuP_MN6N7s6js9NgePJVLgg-hVCJxuBG9PlvZKozgEQ_7hsHNlbWbAtO8EY-Zv30ya"
    "fmZdmNahGrH1RfU987UE5kBjNBMj67eK2uS0GLbjxhNIM_8wOh0XiaTHB4LAIGk0xKPdrG0dX34g4BPZRux-RPU9"
    "lMU7nmnDxQhK1O1r0JxJsWiZXW7TQ\",\"e\":\"AQAB\"},{\"kty\":\"EC\",\"kid\":\"p256\",\"crv\":\"P-"
    "256\",\"x\":\"t"
    "g5WpFU4B19HnSOqTAg8ujr3WpjrS6LFiknGYjNjsHU\",\"y\":\"xvyeNx2DV-5RIkabpZEF7G1WbdhU7v9sKM680Fs"
    "QT2w\"},{\"kty\":\"EC\",\"kid\":\"p384\",\"crv\":\"P-384\",\"x\":"
    "\"05jWt0dv2gvSuY8j18KulfgV4insq_s7tVCpv"
    "A5yIxdEfUZ6jTvGwR0vveL-IhUQ\",\"y\":\"vyj6gRdDusrKEBi3Rt1HNR8ytxdjAhx1w0qR4qAC4Dbrp6Mrz3J9AA"
    "tkIN3wXflF\"},{\"kty\":\"EC\",\"kid\":\"p521\",\"crv\":\"P-521\",\"x\":\"Afr097cDMa-"
    "eGzhf0g3M1h-he58XxKm"
    "QgEOtwLGv0pOpQRWqLzh4z8hxTS2efK1XeVqI2Lw49QrXhZOV-3nfXx5s\",\"y\":\"AF9WTx8xv0qNt-dxPGOvPaKy"
    "qNfI6ySv9PZNNu8XXdoldu83afxchtOvmm8ClN9aE1MX7cons33WWob0DvZ47tbx\"},{\"kty\":\"OKP\",\"kid\":"
    "\"e"
    "d\",\"crv\":\"Ed25519\",\"x\":\"kxwZ5KzzJPXpUG9dckuRXW7z8VOJXYoKA-uFnkL-z5k\"},{\"kty\":"
    "\"oct\",\"kid\""
    ":\"secret\",\"k\":\"YSBzZWNyZXQgdGhhdCBpcyBsb25nIGVub3VnaCBmb3IgZXZlcnkgZGlnZXN0LCBzaXh0eS1mb"
    "3VyIG9jdGV0cw\"}]}";
// An RSA key that has signed nothing.
inline constexpr char kOtherKeys[] =
    "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"rsa\",\"n\":\"lmExPLdguSB3MPMuWAobcZsQQvhG5L_jv-TQ-"
    "nONPT_uzPt_L"
    "MDtDRyHVrxjJAedtXxXHPk1jWSEM74qzJVeH_WrGCRHkCVyrMPNfM34MEqSoL1lFF9Zm6MmLwykl26raKn-8kSDS"
    "ArXEGck6SnOa5sfSLkk-RhZFR-n5kflPx0QbZpJBnmRC7Lg0i1O1PZk424s5c_WlxHoENLhaMt0UPjl6ii-SU0mB"
    "XPz_kaKJWbLLJ8YB8MNNSJJMY-FQkBp_fBomlwaw-_qNW2ht3b5xodX1mx17j4imBnMmhff4jTxozFF5N3WQDCT3"
    "KFKYgPMZluvAehr_h0B9cmalNEHRQ\",\"e\":\"AQAB\"}]}";

struct SignedToken {
  const char* algorithm;
  const char* text;
};
inline constexpr SignedToken kTokens[] = {
    {"RS256",
     "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjo"
     "ic29tZW9uZSIsImF1ZCI6InNlcnZpY2UiLCJleHAiOjQxMDI0NDQ4MDB9.KOQlwNHpLYAewSMX_JaJXpCgHHUWDi"
     "Vgjq-39xA8mxIwyrVlurr2oCTrtIqZGaM6yGKnNq48NAryeFFWMcD3j8sza7Aaf7FzDtK80UONvVsH8fyjl2038v"
     "7DAJ_FjtqVqZT9jSEHDLyDvY7GuSyPJEv-LqIf4sYXhLjKHbvUOPLcjeXmtGxYb_tyi7c5oKbcZCcrk4s_DC9C7t"
     "UhX8vuH7FZ2qAYxohkKplaQ3IWcgApKy0aCKx_U_dW0lJ-Hs_80EuoPGbSSMwSl2lFJxrN-wh04oWsOro_yd5n-H"
     "Bt5slSazg41ELboq1EADRBsY-hUhuwwvMoWlIE2NN5PFtYVA"},
    {"RS384",
     "eyJhbGciOiJSUzM4NCIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjo"
     "ic29tZW9uZSIsImF1ZCI6InNlcnZpY2UiLCJleHAiOjQxMDI0NDQ4MDB9.NszU_hC0zzZ0r6YXKpkhdMemEWkIRJ"
     "TzuYdvY5e3rVjTupy-YZyQRygHv9nOsFA5EBBxI0lKOO_1wMABPkBsocuz4cphXoVCPyqZOcVE1ICVqmv99x_bwf"
     "IdMKGsiOmACI_PSp-mMS1vrA4hlG7y5L3TznfDbYIvNe3HqTkh6n6myUtvlCVUsWrrf66VPZrbcYeSv7ehUEyk3e"
     "XxmCtb5Wc7oYK3Jt9S4zFlMHlPNdpK7KMfNBBuLZanUpePvgA6u59tgQXKCbhWw_15cYbMRyAXDZ7EITeS_uM3MH"
     "V7F89lyAJeRJ61hqzbtl_lupdNOjUUI-UJbCgDsK_nFrlc4Q"},
    {"RS512",
     "eyJhbGciOiJSUzUxMiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjo"
     "ic29tZW9uZSIsImF1ZCI6InNlcnZpY2UiLCJleHAiOjQxMDI0NDQ4MDB9.XgKuwiovIEMFrCgyyVl9ef57Zz4hqx"
     "SFB75bzwyqSzRmQmQg1veiGT4IBpG8MMEJ-GiS-yFScHu0Ltnqehutu7XiEkQmRarTIOZW0pj7X-HCCcrneAu6YO"
     "xnreqHNvluuboPjEHL4tcDlzb6vMy_Znwf_05_c9NJgHKRlGoV51BGjzFRw8rLeJWMfkX9Eb4dfQckD4ATVQXWd4"
     "VY6VoW1F0Eb-EZ5NreECXtfmiYSGjyjkthAoLxnBLM9HCvWIs2kwQQ-QTFpJk6XRDU1kb8GaDhgdyLzMsgM3aebT"
     "lNX-3pD_G-1tPVe2BmEvx5VaJ-n-C43TAce39AHFl2hw9xNg"},
    {"PS256",
     "eyJhbGciOiJQUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjo"
     "ic29tZW9uZSIsImF1ZCI6InNlcnZpY2UiLCJleHAiOjQxMDI0NDQ4MDB9.YpPxdG4BlICArjYRKs8vpkpHXmStK9"
     "fkhx6_GbCoRvyD6FJxejVSNJ79qLXHiV0HERLZ0mZO9GrOH4qoFdi9NWoiIRtQNSTVIHAaJX8x-4gbSoe9m7kZSB"
     "L-8htvrLesvTSdkzlFci55Sli9sFkXW_yOBF_hUWScn2ikEkG34lIvmbU6CFmZjihKVueb3XBQ4PESEW-pCigkqo"
     "20Hk4eobvE9Uha6if3ASjWvzrbSqTyxJMslQB86jKJ0dlB0-L84BZeizKB8q-btGEg33mOIUP41ekufrCsdFvOkl"
     "QjGZrvh8Zq-ty6L5enh14MMHvUIoW5WF-uFIZURgNA3KtJ6w"},
    {"PS384",
     "eyJhbGciOiJQUzM4NCIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjo"
     "ic29tZW9uZSIsImF1ZCI6InNlcnZpY2UiLCJleHAiOjQxMDI0NDQ4MDB9.FO2V8FWNKRypNCK3NNVUQb4oY6_OOE"
     "wRjwyCrbQMcMQy6mjGg8xzfce7Bc4VvwOQALUjSQNl2GkpfBD3dIFDlWf2VbJ4oEFMe510x0n651hBMaZ8cqPoDT"
     "iery8MUC-T0pOBJA36-rSPSnzy-qqV1mB8O911CE1msHJWCmS5QlUdL0-g-UedoxG9UbSlAkp5IZ9uRRcyNqIZj3"
     "kX-Pqckwy7_kpJYp6VDaIyMS2o_9OangrceqoairQrxBtYyuq8iM9Ekbv2sF4n5gugTbb3U3UfdyYGtei_pFQfoX"
     "fwau-970po9nxXpGh0pd-QuCcDFcyVX_xZrsj4gUneh6GUsg"},
    {"PS512",
     "eyJhbGciOiJQUzUxMiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjo"
     "ic29tZW9uZSIsImF1ZCI6InNlcnZpY2UiLCJleHAiOjQxMDI0NDQ4MDB9.eZ-PjZ-d_sPusK8B-j1TqACeDZdGxn"
     "QinUdPEz3AP_02d52y_uQdCtG1ujHdj-72LWLoEDEStiOeyRiwhhwb2XhDMOSjv8B7l5e8BD4ZwZN5N9fv-Zsr4k"
     "uOYfX_y39pwnaBGTZDNuoxhallrUeI0Fgb0mSHsxgX7Lk4c88l5V8UWPuWq6YEhEDwZyLdhiQR4tBSA8mBctAPhf"
     "rpQYMAJBmFlMeZILOYwaTfnmHrBGUTi3DzhusfFSNGMugO7pASJpThgU9ZSBdLqDQbfh1CoFtBAgrTbL6MNTp8mX"
     "fw6vamaPNvdXzMAr45VsHgMwApfuJ7UPkLu90Hh1tsYVkGZQ"},
    {"ES256",
     "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjo"
     "ic29tZW9uZSIsImF1ZCI6InNlcnZpY2UiLCJleHAiOjQxMDI0NDQ4MDB9.niQB4ZdzHHItlfJsamciUlnr16Siui"
     "BTzPyYZaX8Me3GJlG8pw2w_nIuFhW2_b5tujjEoEdQ9hUH16jhQ3icgQ"},
    {"ES384",
     "eyJhbGciOiJFUzM4NCIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjo"
     "ic29tZW9uZSIsImF1ZCI6InNlcnZpY2UiLCJleHAiOjQxMDI0NDQ4MDB9.d914R1omnHDI0rPl9_fqOk2NIGtZ8Z"
     "EuD87NStLlDIotVAhh7tvnN555dldwz5_qfRicCGLf9Rg4dFroccFpSw07yYZovs3VvBqhC5gC-a_u23R5jTlvI3"
     "8oaeVesXCI"},
    {"ES512",
     "eyJhbGciOiJFUzUxMiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjo"
     "ic29tZW9uZSIsImF1ZCI6InNlcnZpY2UiLCJleHAiOjQxMDI0NDQ4MDB9.AHpkTsAHW9xiDOpvD9u-TpCey0D9Y6"
     "oTnidGsqFzkJCzMyD06W1OesPd0GrpB29tMNBwOsYMB8CiiygX6qM_SKyUAYu7fzOE33rBfJZg5ya7UaIgZ9LWjz"
     "xCRvLJhnmo2hG3cztlsCb-PMH9_OVGUYYDWyWGcxjb0g3z7wO5HBmu9XkY"},
    {"HS256",
     "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjo"
     "ic29tZW9uZSIsImF1ZCI6InNlcnZpY2UiLCJleHAiOjQxMDI0NDQ4MDB9.EALTvc6EahImKpJ8UFX2Xld9qW9sYc"
     "_ORo-KJPrHhoY"},
    {"HS384",
     "eyJhbGciOiJIUzM4NCIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjo"
     "ic29tZW9uZSIsImF1ZCI6InNlcnZpY2UiLCJleHAiOjQxMDI0NDQ4MDB9.h2-jpvkDcMH2TCrlrUQ0ygPpKcjAq-"
     "CQgbdgDJKfBhtjO2GF0LX5a1keHbJvBWGt"},
    {"HS512",
     "eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjo"
     "ic29tZW9uZSIsImF1ZCI6InNlcnZpY2UiLCJleHAiOjQxMDI0NDQ4MDB9.zOUMbL5H4z-yFkpUMdzIrqA7jDliw4"
     "gC8jPWLPfWF5EB5rKLlii2sgkaAFiRRNgboNOugd22RaYZ7jiJfajdDA"},
    {"EdDSA",
     "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjo"
     "ic29tZW9uZSIsImF1ZCI6InNlcnZpY2UiLCJleHAiOjQxMDI0NDQ4MDB9.QM37cqNawSIF6RmQEcFV_ElwfgE3Xa"
     "rXOK-6PGsEIQBFs0FIyV9zfsDshPFwIdCZocrvYiNgCB9BNXSSDJyDCg"},
};
// Signed by HMAC with the RSA key's modulus: what an attacker can make who has the public key.
inline constexpr char kConfusedToken[] =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6InJzYSJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGF"
    "tcGxlIiwic3ViIjoic29tZW9uZSIsImF1ZCI6InNlcnZpY2UiLCJleHAiOjQxMDI0NDQ4MDB9.xUKf8ZAfNczRsp"
    "lXcYNkZucJTLleQsSqw7XBzyB6ubI";
inline constexpr char kUnsignedToken[] =
    "eyJhbGciOiJub25lIn0.eyJpc3MiOiAiaHR0cHM6Ly9pc3N1ZXIuZXhhbXBsZSIsICJzdWIiOiAic29tZW9uZSIs"
    "ICJhdWQiOiAic2VydmljZSIsICJleHAiOiA0MTAyNDQ0ODAwfQ.AA";

}  // namespace outrigger::filters::test
