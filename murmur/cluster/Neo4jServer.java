import java.nio.file.Path;
import org.neo4j.cli.ExecutionContext;
import org.neo4j.commandline.admin.security.SetInitialPasswordCommand;
import org.neo4j.dbms.api.DatabaseManagementServiceBuilder;
import picocli.CommandLine;

/**
 * Runs Neo4j by conf/neo4j.conf of the home folder that is the only argument, until it is told to end. The start class of
 * Neo4j's own distribution is in no registry. NEO4J_PASSWORD is the password of a server that starts for the first time.
 */
public final class Neo4jServer {
    public static void main(String[] arguments) {
        Path home = Path.of(arguments[0]);
        Path conf = home.resolve("conf");
        var setPassword = new SetInitialPasswordCommand(new ExecutionContext(home, conf));
        if (new CommandLine(setPassword).execute(System.getenv("NEO4J_PASSWORD")) != 0) {
            System.exit(1);
        }
        var server = new DatabaseManagementServiceBuilder(home).loadPropertiesFromFile(conf.resolve("neo4j.conf")).build();
        Runtime.getRuntime().addShutdownHook(new Thread(server::shutdown));
    }
}
