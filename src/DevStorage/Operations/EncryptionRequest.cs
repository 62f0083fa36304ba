using System.Security.Cryptography;

namespace Media.DevStorage.Operations;

/// <summary>What a request says about encryption: SSE-S3, SSE-C with the customer's key, or nothing.</summary>
internal sealed record EncryptionRequest(Encryption Kind, byte[]? CustomerKey, string? CustomerKeyMd5)
{
    private const string Prefix = "x-amz-server-side-encryption";
    private const int SaltLength = 16;

    /// <summary>Reads the headers of a write.</summary>
    /// <exception cref="S3Exception"><c>InvalidArgument</c>, <c>InvalidRequest</c>, <c>NotImplemented</c> for KMS</exception>
    public static EncryptionRequest ForWrite(S3Request request, bool encryptsByDefault)
    {
        var customer = Customer(request, Prefix + "-customer-");
        var kind = request.Header(Prefix);
        if (kind is not null && customer is not null)
            throw S3Error.InvalidArgument("Server Side Encryption with Customer provided key is incompatible with the encryption method specified", Prefix, kind);
        return kind switch
        {
            null => customer ?? new EncryptionRequest(encryptsByDefault ? Encryption.S3 : Encryption.None, null, null),
            "AES256" => new EncryptionRequest(Encryption.S3, null, null),
            "aws:kms" or "aws:kms:dsse" => throw S3Error.NotImplemented("Encryption with KMS keys"),
            _ => throw S3Error.InvalidArgument("The encryption method specified is not supported", Prefix, kind),
        };
    }

    /// <summary>Reads the customer's key of a read, or of a copy's source.</summary>
    public static EncryptionRequest? ForRead(S3Request request, bool copySource = false) =>
        Customer(request, copySource ? "x-amz-copy-source-server-side-encryption-customer-" : Prefix + "-customer-");

    public ObjectProperties ApplyTo(ObjectProperties properties) => properties with
    {
        Encryption = Kind,
        CustomerKeyMd5 = CustomerKeyMd5,
        CustomerKeyProof = CustomerKey is null ? null : Prove(CustomerKey, RandomNumberGenerator.GetBytes(SaltLength)),
    };

    /// <summary>A fresh data key for one blob, or null when it is stored plain.</summary>
    public DataKey? NewDataKey(Store store) => Kind switch
    {
        Encryption.S3 => DataKey.Create(store.StoreKey),
        Encryption.Customer => DataKey.Create(CustomerKey),
        _ => null,
    };

    /// <summary>The key that opens an object's data keys, if the request has a right to it.</summary>
    /// <exception cref="S3Exception"><c>InvalidRequest</c>: a key is missing or out of place; <c>AccessDenied</c>: it is another.</exception>
    public static byte[]? WrappingKey(Store store, ObjectProperties properties, EncryptionRequest? given)
    {
        if (properties.Encryption != Encryption.Customer)
        {
            if (given?.CustomerKey is not null)
                throw S3Error.InvalidRequest("The encryption parameters are not applicable to this object.");
            return properties.Encryption == Encryption.S3 ? store.StoreKey : null;
        }

        if (given?.CustomerKey is not { } key)
        {
            throw S3Error.InvalidRequest(
                "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.");
        }

        if (!IsKeyOf(properties, key))
            throw S3Error.AccessDenied();
        return key;
    }

    /// <summary>What a part, or the completion, of an upload must bring along: the same customer's key as its beginning.</summary>
    /// <exception cref="S3Exception"><c>InvalidRequest</c>, <c>InvalidArgument</c></exception>
    public static EncryptionRequest ForPart(S3Request request, ObjectProperties upload)
    {
        var given = Customer(request, Prefix + "-customer-");
        if (upload.Encryption != Encryption.Customer)
        {
            if (given is not null)
                throw S3Error.InvalidRequest("The multipart upload initiate did not request encryption. Please resubmit the request without sending encryption parameters.");
            return new EncryptionRequest(upload.Encryption, null, null);
        }

        if (given is null)
            throw S3Error.InvalidRequest("The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption parameters.");
        if (!IsKeyOf(upload, given.CustomerKey!))
            throw S3Error.InvalidRequest("The provided encryption parameters did not match the ones used originally.");
        return given;
    }

    /// <summary>Echoes an object's encryption in the answer.</summary>
    public static void Describe(S3Request request, Encryption kind, string? customerKeyMd5)
    {
        if (kind == Encryption.S3)
            request.SetHeader(Prefix, "AES256");
        if (kind != Encryption.Customer)
            return;
        request.SetHeader(Prefix + "-customer-algorithm", "AES256");
        request.SetHeader(Prefix + "-customer-key-MD5", customerKeyMd5);
    }

    private static EncryptionRequest? Customer(S3Request request, string prefix)
    {
        var algorithm = request.Header(prefix + "algorithm");
        var key = request.Header(prefix + "key");
        var md5 = request.Header(prefix + "key-MD5");
        if (algorithm is null && key is null && md5 is null)
            return null;
        if (algorithm is null || key is null)
            throw S3Error.InvalidArgument("Requests specifying Server Side Encryption with Customer provided keys must provide an appropriate secret key.", prefix + "key", null);
        if (md5 is null)
            throw S3Error.InvalidArgument("Requests specifying Server Side Encryption with Customer provided keys must provide the client calculated MD5 of the secret key.", prefix + "key-MD5", null);
        if (!string.Equals(algorithm, "AES256", StringComparison.Ordinal))
            throw S3Error.InvalidArgument("Requests specifying Server Side Encryption with Customer provided keys must provide a valid encryption algorithm.", prefix + "algorithm", algorithm);
        var bytes = new byte[64];
        if (!Convert.TryFromBase64String(key, bytes, out var length) || length != 32)
            throw S3Error.InvalidArgument("The secret key was invalid for the specified algorithm.", prefix + "key", null);
        bytes = bytes[..length];
        if (!string.Equals(Convert.ToBase64String(MD5.HashData(bytes)), md5, StringComparison.Ordinal))
            throw S3Error.InvalidArgument("The calculated MD5 hash of the key did not match the hash that was provided.", prefix + "key-MD5", md5);
        return new EncryptionRequest(Encryption.Customer, bytes, md5);
    }

    private static bool IsKeyOf(ObjectProperties properties, byte[] key)
    {
        var proof = properties.CustomerKeyProof!;
        return CryptographicOperations.FixedTimeEquals(proof, Prove(key, proof.AsSpan(0, SaltLength)));
    }

    private static byte[] Prove(byte[] key, ReadOnlySpan<byte> salt) => [.. salt, .. HMACSHA256.HashData(key, salt)];
}
