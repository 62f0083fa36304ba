namespace Media.AppHost.Resources;

/// <summary>A resource could not be started. The message is for the person who started the host.</summary>
internal sealed class ResourceFailedException(string message, Exception? inner = null) : Exception(message, inner);
